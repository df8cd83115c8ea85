"""What a kept form calls its fields, the pages call them too."""

from __future__ import annotations

from pathlib import Path

from trustconduct.schools.inherited import INHERITED
from trustconduct.web.confirm import LABELS

TEMPLATES = Path(__file__).parents[2] / "trustconduct/web/templates"


def test_each_label_stands_on_a_page():
    pages = "\n".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*.html"))
    plain = pages.replace("&rsquo;", "’")
    ours = [label for name, label in LABELS.items() if name not in INHERITED]
    assert [label for label in ours if label.lower() not in plain.lower()] == []
