"""What Flask-Admin would do by itself: every address of it, with ids of others, with and
without a form's token. Nothing leaks and nothing is written, whatever its next release adds.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask_admin.contrib.sqla import ModelView

from tests.rules.writes import written
from trustconduct.audit.actor import Role
from trustconduct.db import new_id

# Details, edit, delete, bulk action, inline edit, autocomplete, export: all of its own ways.
WAYS = (
    "new/", "edit/", "delete/", "action/", "ajax/lookup/", "ajax/update/",
    "export/csv/", "export/json/", "export/xlsx/",
)  # fmt: skip
# List, search, sort, filter, page size, page: by any column and with words that would show.
ASKED = (
    {"search": "kestrel"}, {"search": "%"}, {"search": "' or true --"},
    {"sort": "0", "desc": "1"}, {"sort": "99"}, {"sort": "password_hash"},
    {"flt0_0": "kestrel"}, {"flt0_email_contains": "kestrel"}, {"flt1_99": "x"},
    {"page_size": "100000"}, {"page": "99999999"}, {"page": "-1"}, {"page": "x"},
)  # fmt: skip


def model_views(app: Any) -> list[ModelView]:
    return [view for admin in app.extensions["admin"] for view in admin._views
            if isinstance(view, ModelView)]  # fmt: skip


@pytest.fixture
def officer(app, world) -> Any:
    client = app.test_client()
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    return client


def words(world: Any) -> list[str]:
    """What no list of the console may show: the words of schools' people, and secrets."""
    secrets = [user.secret for user in world.users]
    return [*(school.canary for school in world.schools.values()), *secrets, "$argon2"]


def test_a_list_of_the_console_only_shows(app):
    views = model_views(app)
    assert len(views) >= 2
    for view in views:
        writes = (view.can_create, view.can_edit, view.can_delete, view.can_export)
        assert not any(writes), view.name
        assert not view.column_editable_list, view.name
        assert not view.form_ajax_refs, view.name
        assert not any(view.is_action_allowed(name) for name, _ in view._actions), view.name


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_no_way_of_asking_a_list_shows_more(officer, app, world, asked):
    engine = app.extensions["trustconduct"].sessions.engine
    for view in model_views(app):
        with written(engine) as statements:
            answer = officer.get(f"{view.url}/", query_string=asked)
        assert answer.status_code in (200, 302, 404), (view.name, asked)
        shown = f"{answer.headers}{answer.text}".replace(f'value="{asked.get("search")}"', "")
        for word in words(world):
            assert word not in shown, (view.name, asked)
        assert statements == []


@pytest.mark.parametrize("way", WAYS)
def test_its_own_ways_of_changing_are_not_there(officer, app, world, way):
    token = officer.csrf("/admin/")
    engine = app.extensions["trustconduct"].sessions.engine
    ids = (world.oak.id, world.elm.users[Role.HEADTEACHER].id, world.elm.requests.popitem()[1],
           new_id())  # fmt: skip
    for view in model_views(app):
        for id_ in ids:
            given = {"id": str(id_), "rowid": str(id_), "pk": str(id_), "action": "delete",
                     "list_form_pk": str(id_), "name": "Changed", "query": "kestrel"}  # fmt: skip
            with written(engine) as statements:
                answers = [
                    officer.get(f"{view.url}/{way}", query_string=given),
                    officer.post(f"{view.url}/{way}", data={**given, "csrf_token": token}),
                    officer.post(f"{view.url}/{way}", data=given),
                ]
            assert [each.status_code for each in answers[:2]] == [404, 404], (view.name, way)
            assert answers[2].status_code in (400, 404), (view.name, way)
            assert statements == []
            for answer in answers:
                assert not any(word in answer.text for word in words(world))
