"""Every fixed text that a parent meets is in every catalogue, and in no template unmarked."""

from __future__ import annotations

import re

import pytest
from jinja2 import nodes

from tests import catalogue
from trustconduct.languages.spoken import CODES, ENGLISH, OTHERS, Message, language, told

pytestmark = pytest.mark.static

# What parents read. `closed.html` speaks to staff as well, in English: the half before.
PARENTS = (
    "layouts/parent.html",
    "layouts/trust.html",
    "layouts/base.html",
    "layouts/error.html",
    "layouts/_request_number.html",
    "components/languages.html",
    "components/buttons.html",
    "error.html",
    *sorted(
        path.relative_to(catalogue.ROOT / "web/templates").as_posix()
        for folder in ("letter", "public", "sign")
        for path in (catalogue.ROOT / "web/templates" / folder).glob("*.html")
        if path.name != "closed.html" or folder == "sign"
    ),
)
# No words of a language: the mark of a version's size, the service's own names.
NOT_WORDS = {"(", ")", ").", ".", "–", "ico.org.uk", "equalityadvisoryservice.com"}
WORDS = re.compile(r"[A-Z][a-z]+,? [a-z]|[a-z]+ [a-z]+ |^[A-Z][a-z]+$")
SAYS = {"_", "gettext", "ngettext"}
READ_OUT = re.compile(r'(?:aria-label|alt|title|placeholder)="([^"]*[A-Za-z]{2}[^"]*)"')


@pytest.mark.parametrize("code", [one.code for one in OTHERS])
def test_a_catalogue_has_every_message_and_no_other(code):
    wanted = {str(one.id): one for one in catalogue.messages() if one.id}
    there = {str(one.id): one for one in catalogue.catalogue(code) if one.id}
    assert wanted.keys() - there.keys() == set(), "run make messages, and translate what is blank"
    assert there.keys() - wanted.keys() == set(), "run make messages"
    for id, one in there.items():
        said = one.string if isinstance(one.string, tuple) else (one.string,)
        assert all(said), f"{code}.po: {id} is blank"
        assert not one.fuzzy, f"{code}.po: {id} is fuzzy"
        english = one.id if isinstance(one.id, str) else one.id[1]
        for text in said:
            fields = re.compile(r"%\(\w+\)s|\{\w+\}")
            assert set(fields.findall(text)) == set(fields.findall(english)), f"{code}.po: {id}"
            assert not re.search(r"<[a-z/]", text), f"{code}.po: {id} has markup of its own"


@pytest.mark.parametrize("name", PARENTS)
def test_no_text_of_a_parents_template_is_unmarked(app, name):
    source = (catalogue.ROOT / "web/templates" / name).read_text("utf-8")
    assert _unmarked(app.jinja_env, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello there</p>",
        '<nav aria-label="Main menu"></nav>',
        '{{ button("Send it") }}',
        '{{ "Yes, do" if it else _("No") }}',
        '{% set words = [("a", "Your name")] %}',
    ],
)
def test_an_unmarked_text_is_found(app, source):
    assert _unmarked(app.jinja_env, source)


def _unmarked(environment, source):
    tree = environment.parse(source)
    found = []
    # Tags may be cut by what stands in them: a hole for each, so that they close again.
    whole = "".join(
        one.data if isinstance(one, nodes.TemplateData) else "\0" for one in _pieces(tree)
    )
    found += READ_OUT.findall(whole)
    text = re.sub(r"<style.*?</style>|<!--.*?-->|<[^<>]*>", "\n", whole, flags=re.S)
    for line in re.split(r"[\n\0]", text):
        if re.search(r"[A-Za-z]{2}", line) and line.strip() not in NOT_WORDS:
            found.append(line.strip())
    marked = {
        id(const)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in SAYS
        for const in call.args
    }
    for const in tree.find_all(nodes.Const):
        value = const.value
        if not isinstance(value, str) or not WORDS.search(value):
            continue
        if id(const) not in marked and not re.search(r"[<=;%]|govuk-|tc-", value):
            found.append(value)
    return found


def _pieces(tree):
    """What a page is put together of, in its order."""
    for node in tree.iter_child_nodes():
        if isinstance(node, nodes.Output):
            yield from node.nodes
        elif isinstance(node, nodes.TemplateData):
            yield node
        elif isinstance(node, nodes.Expr):
            continue
        else:
            yield from _pieces(node)


def test_a_message_that_is_not_translated_is_said_in_english():
    assert language("ur").say("Nobody has translated %(this)s", this="this") == (
        "Nobody has translated this"
    )


def test_a_message_knows_how_to_say_itself_in_another_language():
    refused = Message("Your message is too long. Use at most %(most)s letters.", most=7)
    assert refused == "Your message is too long. Use at most 7 letters."
    assert told(refused, language("pl")).startswith("Wiadomość jest za długa.")
    assert told("Back", ENGLISH) == "Back"


def test_a_number_is_counted_as_the_language_counts():
    said = [
        language("pl").many("in about %(num)s hour", "in about %(num)s hours", n) for n in (1, 2, 5)
    ]
    assert said == ["za około 1 godzinę", "za około 2 godziny", "za około 5 godzin"]


def test_only_languages_that_we_speak_are_spoken():
    assert CODES == ("en", "cy", "pl", "ur")
    assert language("ur").direction == "rtl"
    for made_up in (None, "", "xx", "UR", "en-GB", "../cy"):
        assert language(made_up) is None
