"""Who may enter the console, and what of Flask-Admin is left: every route, every role."""

import re

import pytest
from sqlalchemy import text

from trustconduct.accounts.permissions import AT_TRUST, Can
from trustconduct.audit.actor import Role

LISTS = ("schools", "people")
GONE = ("new/", "edit/", "delete/", "action/", "export/csv/", "ajax/lookup/", "ajax/update/")


# What is taken away is a POST, and writes nothing.
EXPORTS = {"editions.document", "editions.take_paper"}


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin")]


def address(rule):
    path = rule.rule.replace("<int:number>", "1")
    return (
        re.sub("<uuid:[a-z_]+>", "0190c2f0-0000-7000-8000-000000000000", path)
        .replace("<clause_id>", "behaviour.1")
        .replace("<code>", "ur")
        .replace("<section_id>", "behaviour")
        .replace("<task>", "deliver_mail")
    )


def test_every_route_of_the_console_says_what_it_needs(app):
    found = {rule.endpoint: app.view_functions[rule.endpoint].needs for rule in rules(app)}
    assert all(isinstance(need, Can) for need in found.values())
    writes = {rule.endpoint for rule in rules(app) if "POST" in rule.methods}
    assert writes == {
        "editions.look",
        "letter_words.begin",
        "letter_words.rules",
        "letter_words.save",
        "letter_words.approve",
        "editions.keep",
        "editions.approve",
        "editions.publish",
        "editions.ask_more",
        "editions.move",
        "drift.export",
        "languages.translate",
        "languages.reviewed",
        "editions.mark",
        "editions.withdraw",
        "editions.consult",
        "editions.end_consultation",
        "editions.ask_guest",
        "editions.end_guest",
        "editions.answer_comment",
        "editions.name_approvers",
        "editions.ask_approvers",
        "editions.sign_off",
        "editions.begin_next",
        "editions.save_clause",
        "editions.move_clause",
        "editions.retire_clause",
        "editions.save_added",
        "editions.put_back",
        "editions.document",
        "editions.take_paper",
        "editions.save_header",
        "editions.save_new_section",
        "editions.save_section",
        "editions.move_section",
        "editions.retire_section",
        "editions.save_new_fact",
        "editions.save_fact",
        "editions.retire_fact",
        "reviews.save",
        "reviews.pause",
        "reviews.move",
        "reviews.resume",
        "reviews.step",
        "schools.save",
        "terms.look",
        "terms.save",
        "schools.look",
        "schools.add_all",
        "schools.save_edit",
        "schools.invite_head",
        "schools.suspend",
        "schools.resume",
        "timetable.run",
        "trust.give",
        "trust.save",
        "trust_mail.again",
        "trust_mail.told",
        "users.save",
        "users.invite_again",
        "users.add_role",
        "users.date_role",
        "users.end_role",
        "users.close",
        "users.reopen",
        "users.reset_factor",
    }
    seeing = {name for name in writes if found[name] in (Can.SEE_CONSOLE, Can.SEE_MAIL)}
    assert seeing == EXPORTS


def test_who_is_not_signed_in_signs_in_first(client, app):
    for rule in rules(app):
        if "GET" in rule.methods:
            answer = client.get(address(rule) + "?page=2")
            assert answer.status_code == 302, rule
            assert answer.location.startswith("/account/sign-in?to=/admin"), rule


def test_staff_of_a_school_may_not_enter(head, app):
    token = head.csrf("/oak-lane/staff/policy/facts")
    for rule in rules(app):
        if "GET" in rule.methods:
            assert head.get(address(rule)).status_code == 403, rule
        else:
            answer = head.post(address(rule), data={"csrf_token": token})
            assert answer.status_code == 403, rule


def test_a_reader_may_see_and_say_what_they_think_of_a_text(reader, app):
    token = reader.csrf("/admin/")
    for rule in rules(app):
        allowed = app.view_functions[rule.endpoint].needs in AT_TRUST[Role.TRUST_READER]
        if "POST" in rule.methods:
            answer = reader.post(address(rule), data={"csrf_token": token})
        else:
            answer = reader.get(address(rule))
        assert (answer.status_code != 403) == allowed, rule


def test_nothing_is_written_without_the_token_of_a_form(officer, app):
    for rule in rules(app):
        if "POST" in rule.methods:
            assert officer.post(address(rule)).status_code == 400, rule


@pytest.mark.parametrize("gone", GONE)
@pytest.mark.parametrize("where", LISTS)
def test_flask_admin_s_own_forms_and_exports_are_not_there(officer, world, where, gone):
    def counts():
        with world.sessions.engine.begin() as connection:
            connection.execute(text("set local role tc_accounts"))
            return [
                connection.scalar(text(f"select count(*) from {table}"))
                for table in ("school", "account_user", "account_grant")
            ]

    before = counts()
    page = f"/admin/{where}/{gone}"
    fields = {"csrf_token": officer.csrf("/admin/"), "id": str(world.oak.id), "name": "Changed"}
    assert officer.get(page, query_string={"id": str(world.oak.id)}).status_code == 404
    assert officer.post(page, data=fields).status_code == 404
    assert counts() == before


def test_flask_admin_s_own_files_are_served_nowhere(officer):
    assert (
        officer.get("/admin/static/bootstrap/bootstrap4/css/bootstrap.min.css").status_code == 404
    )


@pytest.mark.parametrize("page", ["", "editions/", "editions/1/", "editions/import", "schools/"])
def test_no_page_has_a_script_or_a_style_of_its_own(officer, page):
    found = officer.get(f"/admin/{page}").text
    assert not re.findall(r"<style|style=|<script(?! type=\"module\" src=)|\son[a-z]+=", found)
