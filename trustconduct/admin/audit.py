"""What happened at the Trust: its policy, its schools, and everybody's sign-ins.

What happened inside a school stays in that school's own history: see
docs/adr/0014-who-looks-back.md.
"""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask.wrappers import Response
from flask_admin import expose

from trustconduct.accounts.permissions import Can
from trustconduct.admin.views import Console
from trustconduct.web.door import needs
from trustconduct.web.history import look


class LookBackView(Console):
    @expose("/")
    @needs(Can.SEE_HISTORY)
    def show(self) -> Response:
        looked = look(_address)
        errors = looked.form.errors
        page = self.page(
            "console/history.html", 422 if errors else 200, looked=looked, errors=errors
        )
        looked.note()
        return page


def _address(**values: Any) -> str:
    return url_for("look_back.show", **values)
