"""The least work that gives the same result: a bare Flask view, and psycopg by hand."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from flask import Flask, Response, request

app = Flask(__name__)
finder_page = Path(os.environ["FLOOR_FINDER"]).read_bytes()
page = Path(os.environ["FLOOR_PAGE"]).read_bytes()
kept = json.loads(Path(os.environ["FLOOR_SIGN"]).read_text())
own = threading.local()


@app.get("/policy")
def policy() -> Response:
    return Response(page, content_type="text/html; charset=utf-8")


@app.get("/finder")
def finder() -> Response:
    return Response(finder_page, content_type="text/html; charset=utf-8")


@app.post("/sign/<request_id>")
def sign(request_id: str) -> Response:
    """The same six rows in one commit, without looking anything up or checking anything.

    It has the service's own login, which may write nothing before it has entered
    a school: so one statement does that, as any view over this database must.
    """
    if not hasattr(own, "connection"):
        own.connection = psycopg.connect(os.environ["FLOOR_DATABASE"])
    now, school = datetime.now(UTC), kept["school"]
    answer, event, message = (str(uuid.uuid4()) for _ in range(3))
    name, details = request.form["typed_name"], json.dumps({"by": "parent"})
    with own.connection.transaction(), own.connection.cursor() as cursor:
        cursor.execute(
            "select set_config('role', 'tc_school', true), set_config('app.school', %s, true)",
            (school,),
        )
        cursor.execute(
            "insert into acknowledgement (school_id, id, request_id, answer, sha256, answered_at)"
            " values (%s, %s, %s, 'signed', %s, %s)",
            (school, answer, request_id, request.form["shown"], now),
        )
        cursor.execute(
            "insert into acknowledgement_words (school_id, id, typed_name, note)"
            " values (%s, %s, %s, '')",
            (school, answer, name),
        )
        cursor.execute(
            "insert into audit_event_school (school_id, id, event, at, actor_kind, actor_id,"
            " thing_kind, thing_id, details_sha256)"
            " values (%s, %s, 'policy.signed', %s, 'link', %s, 'acknowledgement', %s, %s)",
            (school, event, now, request_id, answer, hashlib.sha256(details.encode()).hexdigest()),
        )
        cursor.execute(
            "insert into audit_detail_school (school_id, id, salt, details)"
            " values (%s, %s, %s, %s)",
            (school, event, secrets.token_hex(16), details),
        )
        cursor.execute(
            "insert into outbox_school (school_id, id, kind, written_at, due_at, tries,"
            " last_error) values (%s, %s, 'sign_receipt', %s, %s, 0, '')",
            (school, message, now, now),
        )
        cursor.execute(
            "insert into outbox_content_school (school_id, id, to_name, to_address, reply_to,"
            " from_name, subject, body, attachment) values (%s, %s, %s, %s, '', %s, %s, %s, %s)",
            (school, message, name, "a@b.example", "School", "Your answer", kept["body"],
             json.dumps({"name": "code.txt", "text": kept["copy"]})),
        )  # fmt: skip
    return Response(status=303, headers={"Location": f"/sign/{request_id}"})
