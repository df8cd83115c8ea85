"""Redis holds ids and nothing about anybody: whoever reads it learns no name and no address."""

from __future__ import annotations

import importlib
import inspect
import zlib
from uuid import UUID

from redis import Redis

from tests.build import SECRET_KEY
from trustconduct.audit.actor import Role
from trustconduct.jobs.queue import ALLOWED, enqueue
from trustconduct.outbox.links import token


def test_every_function_of_a_job_takes_ids_only():
    """What a job is given travels through Redis. A name there would be a name in every dump."""
    for name in ALLOWED:
        module, _, function = name.rpartition(".")
        for each in inspect.signature(
            getattr(importlib.import_module(module), function), eval_str=True
        ).parameters.values():
            assert each.annotation is UUID or each.name.endswith(("_id", "_ids")), (name, each)


def everything_in(redis: Redis) -> str:
    """All keys and values of a database, whatever their type; RQ packs some by zlib."""
    found: list[bytes] = []
    for key in redis.scan_iter():
        found.append(key)
        match redis.type(key):
            case b"string":
                found.append(redis.get(key) or b"")
            case b"hash":
                found += [part for pair in redis.hgetall(key).items() for part in pair]
            case b"list":
                found += redis.lrange(key, 0, -1)
            case b"set":
                found += redis.smembers(key)
            case b"zset":
                found += redis.zrange(key, 0, -1)
            case b"stream":
                found += [part for _, row in redis.xrange(key) for p in row.items() for part in p]
            case other:
                raise AssertionError(f"what is a {other}?")
    unpacked = []
    for part in found:
        try:
            unpacked.append(zlib.decompress(part))
        except zlib.error:
            unpacked.append(part)
    return b"\n".join(unpacked).decode("utf-8", "replace")


def test_redis_knows_nobody_after_a_whole_story(app, world, settings, valkey):
    """Signing in, a fresh link, an answer, a new roll: then look at every key."""
    with Redis.from_url(settings.REDIS_URL) as redis:
        for name in sorted(ALLOWED):
            enqueue(redis, name)
        head = app.test_client()
        head.sign_in(world.oak.users[Role.HEADTEACHER])
        request_id = world.oak.requests[f"Lee {world.oak.canary}"]
        link = token(SECRET_KEY, "sign-page", request_id, 1)
        again = head.send(
            f"/oak-lane/staff/acknowledgements/{request_id}/again",
            page="/oak-lane/staff/acknowledgements/", generation="1", page_="",
        )  # fmt: skip
        assert again.status_code < 500
        parent = app.test_client()
        parent.set_cookie("link", link, path=f"/oak-lane/sign/{request_id}")
        assert parent.get(f"/oak-lane/sign/{request_id}").status_code in (200, 410)
        wrong = app.test_client().send(
            "/account/sign-in", email="nobody@oak.example", password="a wrong password", to=""
        )
        assert wrong.status_code < 500
        told = everything_in(redis)
    assert "trustconduct" in told, "nothing was in Redis, so this showed nothing"
    for school in world.schools.values():
        for word in (school.canary, school.staff_canary, school.name):
            assert word not in told
    for word in ("@", "Sample", "password", link, SECRET_KEY):
        assert word not in told
