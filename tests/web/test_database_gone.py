"""PostgreSQL is restarted under a running service: a plain page, and then all is well again."""

from __future__ import annotations

import psycopg


def end_connections(servers, world) -> None:
    url = servers.superuser_url(world.name).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = %s and pid <> pg_backend_pid()",
            (world.name,),
        )


def test_connections_that_were_cut_are_made_anew(client, world, servers):
    path = f"/oak-lane/sign/{world.oak.requests['Jo Sample']}"
    client.set_cookie("link", "of no worth", path=path)
    assert client.get(path).status_code == 410  # the pool has a connection now
    end_connections(servers, world)
    first = client.get(path)
    assert first.status_code == 503
    assert "We cannot reach our records just now" in first.text
    assert client.get(path).status_code == 410
    assert client.get("/account/sign-in").status_code == 200
