"""The console as the Trust's two roles see it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from tests.browser import Browser
from tests.world import World
from trustconduct.audit.actor import Role


@pytest.fixture
def officer(app: Any, world: World) -> Browser:
    client = app.test_client()
    client.sign_in(world.trust_users[Role.TRUST_OFFICER])
    return client


@pytest.fixture
def reader(app: Any, world: World) -> Browser:
    client = app.test_client()
    client.sign_in(world.trust_users[Role.TRUST_READER])
    return client


@pytest.fixture
def head(app: Any, world: World) -> Browser:
    client = app.test_client()
    client.sign_in(world.oak.users[Role.HEADTEACHER])
    return client


def upload(client: Browser, raw: bytes, name: str = "code.txt") -> Any:
    """Send a file to the first page of the import."""
    answer = client.post(
        "/admin/editions/import",
        data={
            "csrf_token": client.csrf("/admin/editions/import"),
            "begin": "file",
            "policy": (BytesIO(raw), name),
        },
        content_type="multipart/form-data",
    )
    # The client leaves what it sent open, where it was large enough for a file.
    answer.request.environ["wsgi.input"].close()
    return answer
