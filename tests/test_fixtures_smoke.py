from sqlalchemy import text


def test_a(oak, trust, accounts):
    assert oak.scalar(text("select count(*) from school")) == 1


def test_b(world):
    with world.sessions.school(world.oak.id) as s:
        assert s.scalar(text("select count(*) from adult")) == 5


def test_b2(world):
    pass


def test_b3(world):
    pass


def test_c(mailbox, valkey):
    pass
