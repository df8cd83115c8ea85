"""The demo's mail server: real SMTP, and files instead of letter boxes."""

from __future__ import annotations

import smtplib
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from trustconduct.mail_catcher import REFUSED, controller, keep


def test_a_mail_becomes_a_file_that_can_be_opened(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail = EmailMessage()
    mail["From"], mail["To"] = "school@oak-lane.example", "Zoë Sample <zoe@parents.example>"
    mail.set_content("Please read our code.\n.\nThank you.\n")
    server = controller(tmp_path / "mail", port)
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as post:
            post.send_message(mail)
    finally:
        server.stop()
    (file,) = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert "zoe-parents-example" in file.name
    kept = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert kept["To"] == mail["To"]
    assert kept.get_content().replace("\r\n", "\n") == mail.get_content()


def test_a_mailbox_that_is_gone_refuses_and_keeps_nothing(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = controller(tmp_path / "mail", port)
    server.start()
    try:
        with (
            smtplib.SMTP("127.0.0.1", port) as post,
            pytest.raises(smtplib.SMTPRecipientsRefused, match="no such mailbox"),
        ):
            post.sendmail("school@oak-lane.example", [f"zoe@{REFUSED}"], b"Subject: Hello")
    finally:
        server.stop()
    assert list((tmp_path / "mail").iterdir()) == []


def test_a_recipient_never_leads_out_of_the_folder(tmp_path):
    file = keep(tmp_path, b"x", ["../../etc/passwd", "a" * 500])
    assert file.parent == tmp_path
    assert "/" not in file.name.replace(str(tmp_path), "")
    assert len(file.name) < 120
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
