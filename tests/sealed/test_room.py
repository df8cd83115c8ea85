"""The sealed process: it opens no socket and no file, is ended in time, and the room goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pikepdf
import psutil
import pytest

from tests.sealed.samples import a_png_of
from trustconduct.sealed import room as rooms
from trustconduct.sealed.room import Busy, CannotPrint, Failed, Refused, Room

SECRET = "kept-from-everyone"


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """One for most tests."""
    made = Room()
    yield made
    made.close()


def page(body: str, head: str = "") -> bytes:
    return f"<html lang=en-GB><title>A page</title>{head}<body>{body}</body></html>".encode()


class Listener:
    """A web server of this machine that must never be asked anything."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.3)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def was_asked(self) -> bool:
        try:
            self.socket.accept()[0].close()
        except TimeoutError:
            return False
        return True


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    with one.socket:
        yield one


REACHES = {
    "picture": "<img src='{}'>",
    "stylesheet": "<link rel=stylesheet href='{}'>",
    "import": "<style>@import url('{}')</style>",
    "typeface": "<style>@font-face {{ font-family: x; src: url('{}') }}"
    " p {{ font-family: x }}</style><p>x</p>",
    "attachment": "<link rel=attachment href='{}'>",
    "attached link": "<a rel=attachment href='{}'>x</a>",
    "background": "<p style=\"background: url('{}')\">x</p>",
    "list": "<li style=\"list-style: url('{}')\">x</li>",
    "content": "<style>p::before {{ content: url('{}') }}</style><p>x</p>",
    "object": "<object data='{}'></object>",
    "embedded": "<embed src='{}'>",
    "drawing": "<svg xmlns='http://www.w3.org/2000/svg' width=9 height=9>"
    "<image href='{0}' width=9 height=9 /><use href='{0}#x'/></svg>",
    "drawn picture": "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'"
    " xmlns:xlink='http://www.w3.org/1999/xlink'><image xlink:href='{0}' width='9' height='9'/>"
    "<style>@import '{0}';</style></svg>\">",
}


@pytest.mark.parametrize("what", REACHES)
def test_printing_opens_no_socket(room, listener, what):
    body = page(REACHES[what].format(f"{listener.address}/x"))
    with suppress(Refused, Failed):
        room.do("print", body)
    assert not listener.was_asked(), what


@pytest.mark.parametrize("what", REACHES)
def test_printing_opens_no_file(room, tmp_path, what):
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    try:
        pdf = room.do("print", page(REACHES[what].format(secret.as_uri()))).content
    except (Refused, Failed):
        return
    assert SECRET not in text_of(pdf), what
    assert SECRET.encode() not in pdf


def text_of(pdf: bytes) -> str:
    with pikepdf.open(BytesIO(pdf)) as opened:
        streams = [each for each in opened.objects if isinstance(each, pikepdf.Stream)]
        return "\n".join(each.read_bytes().decode("latin-1") for each in streams)


def test_an_address_in_a_page_is_an_error_and_no_picture_left_out(room, listener):
    """Our own templates have none: somebody's words must have become markup."""
    with pytest.raises(Refused) as no:
        room.do("print", page(f"<img src='{listener.address}'>"))
    assert no.value.why == "address"


def in_the_seal(code: str) -> str:
    """What a child of the sealed process, sealed as it is, prints when it runs this code."""
    program = f"""
import os, sys
from trustconduct.sealed import documents, pictures, printing, seal
given = seal.close_the_doors() if {{kernel}} else ()
pid = os.fork()
if pid == 0:
    seal.limit_memory(512)
    seal.limit_time(5, 5)
    if not {{kernel}}:
        seal.watch()
    try:
        exec({textwrap.dedent(code)!r})
        told = b"done"
    except BaseException as no:
        told = type(no).__name__.encode()
    os.write(1, told)
    os._exit(0)
os.waitpid(pid, 0)
"""
    return program


OUTSIDE = {
    "a file": "open('/etc/passwd').read()",
    "the key": "open({secret!r}).read()",
    "a new file": "open('/tmp/left-behind', 'w').write('x')",
    "a socket": "__import__('socket').create_connection(('127.0.0.1', {port}), 1)",
    "a program": "__import__('subprocess').run(['/bin/true'], check=True)",
}


@pytest.mark.parametrize("fence", ["kernel", "Python"])
@pytest.mark.parametrize("what", OUTSIDE)
def test_each_fence_holds_alone(tmp_path, listener, fence, what):
    """The kernel's without Python's, and Python's where the kernel gives nothing."""
    secret = tmp_path / "secret_key"
    secret.write_text(SECRET)
    code = OUTSIDE[what].format(secret=str(secret), port=listener.socket.getsockname()[1])
    program = in_the_seal(code).replace("{kernel}", str(fence == "kernel"))
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=rooms._environment()
    )
    if fence == "kernel" and not kernel_gives():
        pytest.skip("this kernel or container gives no Landlock or no network namespace")
    assert told.stdout in ("PermissionError", "SealBroken"), (told.stdout, told.stderr[-500:])
    assert not listener.was_asked()


def kernel_gives() -> bool:
    made = Room()
    try:
        made.start()
        return set(made.kept_from) == {"network", "files"}
    finally:
        made.close()


def test_the_sealed_process_knows_no_key_and_no_address_of_a_database(room, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{SECRET}@/x")
    made = Room()
    try:
        made.start()
        assert made._process
        environment = Path(f"/proc/{made._process.pid}/environ").read_bytes()
        assert b"FONTCONFIG_FILE" in environment
        assert SECRET.encode() not in environment
    finally:
        made.close()


def test_the_limits_are_ten_seconds_and_512_megabytes():
    assert (Room().seconds, Room().megabytes) == (10, 512)


def test_a_page_that_never_ends_is_ended_in_time_and_the_next_one_is_printed():
    made = Room(seconds=1)
    try:
        made.do("print", page("warm"))
        began = time.monotonic()
        with pytest.raises(rooms.TookTooLong):
            made.do("print", page("<p>words and more words</p>" * 200_000))
        assert time.monotonic() - began < 4
        assert made.do("print", page("Next")).content.startswith(b"%PDF")
    finally:
        made.close()


def test_a_page_that_eats_memory_is_ended_and_the_next_one_is_printed():
    made = Room(seconds=60, megabytes=230)
    try:
        with pytest.raises(rooms.TooMuchMemory):
            made.do("print", page("<p>x" * 400_000))
        assert made.do("print", page("Next")).content.startswith(b"%PDF")
    finally:
        made.close()


def test_twenty_pages_at_once_are_all_printed_by_two_children_at_a_time(room):
    most = 0
    over = threading.Event()

    def look() -> None:
        nonlocal most
        while not over.is_set():
            assert room._process
            most = max(most, len(psutil.Process(room._process.pid).children()))
            time.sleep(0.005)

    room.do("print", page("warm"))
    looking = threading.Thread(target=look)
    looking.start()
    with ThreadPoolExecutor(20) as pool:
        pages = [page(f"<h1>Page {n}</h1>" + "<p>words</p>" * 20) for n in range(20)]
        printed = list(pool.map(lambda each: room.do("print", each).content, pages))
    over.set()
    looking.join()
    assert len(set(printed)) == 20
    # One waits for the next job, and of each two that print one may be over, and not yet buried.
    assert 1 <= most <= 2 * rooms.AT_ONCE + 1


def test_who_finds_no_place_in_time_is_told_so():
    made = Room(seconds=2)
    try:
        made.do("print", page("warm"))
        slow = page("<p>words and more words</p>" * 200_000)
        with ThreadPoolExecutor(rooms.AT_ONCE) as pool:
            for _ in range(rooms.AT_ONCE):
                pool.submit(made.do, "print", slow)
            time.sleep(0.5)
            with pytest.raises(Busy):
                made.do("print", page("quick"), wait=0.1)
    finally:
        made.close()


def test_the_same_page_is_the_same_bytes_from_another_process_too(room):
    html = page("<h1>Twice</h1><p>The <em>same</em> words.</p>")
    other = Room()
    try:
        assert room.do("print", html).content == other.do("print", html).content
    finally:
        other.close()


def test_a_killed_child_is_one_clear_error(room):
    room.do("print", page("warm"))

    def kill() -> None:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            at_work = [
                child
                for child in psutil.Process(room._process.pid).children()
                if sum(child.cpu_times()[:2]) > 0.5  # one that waits has used less
            ]
            for child in at_work:
                child.kill()
            if at_work:
                return
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Failed):
        room.do("print", page("<p>words and more words</p>" * 20_000))
    killer.join()
    assert room.do("print", page("Next")).content


def test_the_jobs_of_one_run_are_done_by_one_child_and_it_is_gone_after_it(room):
    with room.run() as do:
        first = do("print", page("One"))
        assert do("print", page("One")).content == first.content
        at_work = {each.pid for each in psutil.Process(room._process.pid).children()}
        for _ in range(3):
            do("print", page("More"))
        assert at_work == {each.pid for each in psutil.Process(room._process.pid).children()}
        with pytest.raises(Refused):
            do("document", b"no PDF")
        assert do("print", page("After a refusal")).content
    assert room.do("print", page("One")).content == first.content
    until = time.monotonic() + 5
    while len(psutil.Process(room._process.pid).children()) > 1:  # but the one that waits
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_run_goes_on_after_one_of_its_jobs_took_too_long(room):
    made = Room(seconds=1)
    try:
        with made.run() as do:
            do("print", page("One"))
            with pytest.raises(rooms.TookTooLong):
                do("print", page("<p>words and more words</p>" * 200_000))
            time.sleep(1.2)  # nobody is ended for the time between two jobs
            assert do("print", page("Next")).content.startswith(b"%PDF")
            time.sleep(1.2)
            assert do("print", page("And next")).content.startswith(b"%PDF")
    finally:
        made.close()


def test_a_run_longer_than_a_child_is_done_to_its_end(room):
    with room.run() as do:
        printed = [do("picture", a_png_of(8, 8)).about["width"] for _ in range(55)]
    assert printed == [8] * 55


def test_a_child_that_waits_is_killed_without_anyone_noticing(room):
    room.do("print", page("warm"))
    waiting = psutil.Process(room._process.pid).children()
    for child in waiting:
        child.kill()
    psutil.wait_procs(waiting, 5)
    assert room.do("print", page("Next")).content


def test_a_killed_parent_is_started_again_without_anyone_noticing(room):
    room.do("print", page("warm"))
    first = room._process.pid
    os.kill(first, signal.SIGKILL)
    assert room.do("print", page("Next")).content
    assert room._process.pid != first


def test_it_ends_with_the_process_that_it_serves_however_that_dies():
    program = (
        "import time; from trustconduct.sealed.room import room; r = room();"
        " r.do('print', b'<title>x</title>x'); print(r._process.pid, flush=True); time.sleep(60)"
    )
    serving = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert serving.stdout
    pid = int(serving.stdout.readline())
    assert psutil.pid_exists(pid)
    serving.kill()
    serving.wait()
    serving.stdout.close()
    until = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "it outlived the process that it served"
        time.sleep(0.05)


def test_a_child_that_was_forked_off_may_use_its_parents_room(room):
    """As the queue's worker does: each of its jobs is a fork."""
    room.do("print", page("warm"))
    first = room._process.pid
    pid = os.fork()
    if pid == 0:
        ok = room.do("print", page("From a fork")).content.startswith(b"%PDF")
        os._exit(0 if ok and room._process.pid == first else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert room.do("print", page("And again")).content


def test_without_pango_it_says_so_and_pictures_are_still_read(monkeypatch, tmp_path):
    """A machine where WeasyPrint finds no library, as its import then says."""
    real = rooms._environment()
    hidden = (
        "import sys, cffi\n"
        "_open = cffi.FFI.dlopen\n"
        "def dlopen(self, name, *rest):\n"
        "    if 'pango' in str(name): raise OSError('cannot load library')\n"
        "    return _open(self, name, *rest)\n"
        "cffi.FFI.dlopen = dlopen\n"
    )
    (tmp_path / "sitecustomize.py").write_text(hidden)
    path = f"{tmp_path}{os.pathsep}{real['PYTHONPATH']}"
    monkeypatch.setattr(rooms, "_environment", lambda: {**real, "PYTHONPATH": path})
    made = Room()
    try:
        with pytest.raises(CannotPrint):
            made.do("print", page("x"))
        assert made.do("picture", a_png_of(8, 8)).about["width"] == 8
    finally:
        made.close()
