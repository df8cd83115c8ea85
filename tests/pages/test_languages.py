"""A parent reads the code in Urdu on a phone, signs it there, and can always turn to English."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import build
from tests.pages.test_own_words import look
from tests.pages.test_story import sign_in
from trustconduct.audit.actor import Role
from trustconduct.db import transaction
from trustconduct.outbox.links import token

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_parent_reads_and_signs_in_urdu(service, open_page, axe):
    with service.sessions.trust() as trust, transaction(trust):
        build.an_edition(trust)
        build.a_translation(trust, "behaviour", "جو رویہ برداشت نہیں کیا جاتا")
        build.a_translation(trust, "behaviour.1", "اسکول کے کام میں خلل ڈالنا۔")
        build.a_translation(trust, "behaviour.2", "اونچی آواز میں چیخنا۔", by_machine=True)
    with service.sessions.school(service.schools["oak-lane"]) as session, transaction(session):
        build.settings_filled(session)
        build.a_matrix(session)
        build.a_version(session)
        asks = build.a_request(session)
    parent = open_page(360)
    parent.goto(f"{service.url}/oak-lane/policy")
    axe(parent)
    parent.get_by_role("link", name="اردو").click()
    expect(parent.locator("html")).to_have_attribute("dir", "rtl")
    expect(parent.get_by_text("اسکول کے کام میں خلل ڈالنا۔")).to_be_visible()
    axe(parent)
    look(parent, "urdu-policy-phone")
    parent.get_by_role("link", name="ہم سے رابطہ کریں").click()
    expect(parent.get_by_role("heading", name="ہم سے کیسے رابطہ کریں")).to_be_visible()
    axe(parent)
    look(parent, "urdu-contact-phone")

    secret = token(build.SECRET_KEY, "sign", asks.id, asks.generation)
    parent.goto(f"{service.url}/oak-lane/sign/{asks.id}/{secret}")
    parent.get_by_role("link", name="اردو").click()
    axe(parent)
    look(parent, "urdu-sign-phone")
    parent.get_by_role("button", name="میرا جواب بھیجیں").click()
    expect(parent.get_by_role("heading", name="ایک مسئلہ ہے")).to_be_visible()
    axe(parent)
    look(parent, "urdu-sign-wrong-phone")
    parent.get_by_label("آپ کا پورا نام").fill("Sana Sample")
    parent.get_by_label("میں دستخط کرنا چاہتا/چاہتی ہوں").check()
    parent.get_by_label("میں نے ضابطۂ اخلاق پڑھ لیا ہے").check()
    parent.get_by_role("button", name="میرا جواب بھیجیں").click()
    expect(parent.get_by_role("heading", name="شکریہ")).to_be_visible()
    axe(parent)
    look(parent, "urdu-thanks-phone")
    parent.set_viewport_size({"width": 1280, "height": 800})
    parent.goto(f"{service.url}/oak-lane/policy?lang=ur")
    axe(parent)
    look(parent, "urdu-policy")
    parent.get_by_role("link", name="یہ صفحہ انگریزی میں پڑھیں").click()
    expect(parent.locator("html")).to_have_attribute("lang", "en-GB")

    officer = open_page(1280)
    sign_in(officer, service, service.people[Role.TRUST_OFFICER, None], axe)
    officer.goto(f"{service.url}/admin/languages/")
    axe(officer)
    look(officer, "languages")
    officer.get_by_role("link", name="Urdu").click()
    axe(officer)
    look(officer, "languages-urdu")
    officer.get_by_role("link", name="Change behaviour.2").click()
    axe(officer)
    look(officer, "languages-clause")
    officer.set_viewport_size({"width": 360, "height": 740})
    axe(officer)
    look(officer, "languages-clause-phone")
