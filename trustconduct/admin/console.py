"""The Trust's console at /admin/: Flask-Admin's routes, our own pages."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask_admin import Admin
from flask_admin.theme import Theme

from trustconduct.accounts.models import User
from trustconduct.admin.audit import LookBackView
from trustconduct.admin.calendar import CalendarView
from trustconduct.admin.drift import DriftView
from trustconduct.admin.editions import EditionsView
from trustconduct.admin.languages import LanguagesView
from trustconduct.admin.letters import LetterWordsView
from trustconduct.admin.mail import MailView
from trustconduct.admin.overview import OverviewView
from trustconduct.admin.people import UsersView
from trustconduct.admin.reviews import ReviewsView
from trustconduct.admin.schools import SchoolsView
from trustconduct.admin.timetable import TimetableView
from trustconduct.admin.trust import TrustView
from trustconduct.tenants.models import School

# Of the page that takes a policy in: a file much too large is still read, so that
# the refusal can name it. What is read lies on disk, not in memory.
LARGEST_SENT = 64 * 1024 * 1024


def mount(app: Flask) -> None:
    """Put the console into the service.

    The views are made anew each time: Flask-Admin ties them to one app. The
    theme names no folder of Flask-Admin's, so that none of its templates, which
    need Bootstrap and inline scripts, can show by mistake.
    """
    admin = Admin(
        app,
        name="Console",
        index_view=OverviewView(name="Overview", endpoint="console", url="/admin"),
        theme=Theme(folder="none", base_template="layouts/console.html"),
    )
    admin.add_view(EditionsView(name="Editions", endpoint="editions", url="editions"))
    admin.add_view(SchoolsView(School, name="Schools", endpoint="schools", url="schools"))
    admin.add_view(ReviewsView(name="Reviews", endpoint="reviews", url="reviews"))
    admin.add_view(DriftView(name="How schools differ", endpoint="drift", url="drift"))
    admin.add_view(LetterWordsView(name="Letters", endpoint="letter_words", url="letters"))
    admin.add_view(LanguagesView(name="Languages", endpoint="languages", url="languages"))
    admin.add_view(CalendarView(name="Term dates", endpoint="terms", url="terms"))
    admin.add_view(MailView(name="Emails and texts", endpoint="trust_mail", url="mail"))
    admin.add_view(TimetableView(name="Scheduled work", endpoint="timetable", url="timetable"))
    admin.add_view(TrustView(name="The Trust", endpoint="trust", url="trust"))
    admin.add_view(LookBackView(name="History", endpoint="look_back", url="history"))
    admin.add_view(UsersView(User, name="People", endpoint="users", url="people"))

    @app.url_value_preprocessor
    def _make_room(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if endpoint == "editions.look":
            request.max_content_length = LARGEST_SENT
