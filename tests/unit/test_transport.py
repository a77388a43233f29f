"""Standard input as a pipe, a socket and a file; an input that is cut off; a client that
disappears.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

SERVER = """
from lsprotocol import types
from kvlens.lsp.fast_pygls.transport import StdioServer
server = StdioServer("test", "1")
@server.feature("test/echo")
async def echo(params):
    return {"size": len(params.text)}
@server.feature("test/infinite")
async def infinite(params):
    return {"metadata": [float("inf"), 1.5, -float("inf")]}
server.start_io()
"""

LARGE = "x" * 300_000  # more than a pipe or a reader's buffer holds


HANGS = """
import asyncio, re, sys, threading, time
from kvlens.lsp import watchdog
from kvlens.lsp.fast_pygls import transport
watchdog.GRACE, watchdog.LOOK_EVERY, watchdog.NATIVE = 0.5, 0.1, 2.0
server = transport.StdioServer("test", "1")
@server.feature("test/hang")
async def hang(params):
    sys.stderr.write("hangs\\n")
    sys.stderr.flush()
    if params.how == "python":
        while True:
            pass
    if params.how == "sleep":
        time.sleep(1000)
    if params.how == "native":
        re.match("(a|a)*b", "a" * 60)
    if params.how == "output":
        server.protocol.notify("test/large", {"text": "x" * 10_000_000})
    if params.how == "thread":
        await asyncio.to_thread(time.sleep, 1000)
    if params.how == "never":
        while True:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                pass
server.start_io()
sys.exit(server.exit_code)
"""


def message(**fields: Any) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def echo(number: int, text: str) -> bytes:
    return message(id=number, method="test/echo", params={"text": text})


SESSION = (
    message(id=0, method="initialize", params={"capabilities": {}, "processId": None})
    + echo(1, "é😀")
    + b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n"
    + echo(2, LARGE)
    + echo(3, "")
)
END = message(id=4, method="shutdown") + message(method="exit")


def answers(output: bytes) -> list[dict[str, Any]]:
    stream, found = io.BytesIO(output), []
    while line := stream.readline():
        size = int(line.removeprefix(b"Content-Length: "))
        while stream.readline().strip():
            pass
        found.append(json.loads(stream.read(size)))
    return found


def sizes(output: bytes) -> dict[int, int]:
    return {
        answer["id"]: answer["result"]["size"]
        for answer in answers(output)
        if isinstance(answer.get("result"), dict) and "size" in answer["result"]
    }


EXPECTED = {1: 2, 2: len(LARGE), 3: 0}


def start(stdin: Any, stdout: Any = subprocess.PIPE) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SERVER], stdin=stdin, stdout=stdout)


def test_a_pipe() -> None:
    with start(subprocess.PIPE) as server:
        output, _ = server.communicate(SESSION + END, timeout=60)
    assert sizes(output) == EXPECTED
    assert server.returncode == 0


def test_a_number_that_json_cannot_hold_is_null() -> None:
    asked = message(id=2, method="test/infinite", params={})
    with start(subprocess.PIPE) as server:
        output, _ = server.communicate(SESSION + asked + END, timeout=60)
    assert b'{"metadata": [null, 1.5, null]}' in output


def test_a_file_is_read_by_a_thread(tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_bytes(SESSION + END)
    with path.open("rb") as file, start(file) as server:
        output, _ = server.communicate(timeout=60)
    assert sizes(output) == EXPECTED


if hasattr(socket, "AF_UNIX"):  # elsewhere, a socket can't be a standard stream

    def test_one_socket_for_both_ways_stays_blocking() -> None:
        """A client may give one socket as input and output: it must not be made non-blocking."""
        ours, theirs = socket.socketpair()
        with ours, theirs, start(theirs, theirs):
            theirs.close()
            ours.sendall(SESSION + END)
            output = bytearray()
            while data := ours.recv(1 << 16):
                output += data
        assert sizes(bytes(output)) == EXPECTED


@pytest.mark.parametrize(
    "cut",
    [END[:10], b"Content-Length: 50\r\n\r\n{", b"", b"\r\n", b"Content-Length: x\r\n\r\n{}"],
    ids=["in-header", "in-body", "nothing", "empty-line", "bad-length"],
)
@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_the_server_ends_with_its_input(kind: str, cut: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(SESSION + cut)
        file.seek(0)
        with start(subprocess.PIPE if kind == "pipe" else file) as server:
            output, _ = server.communicate(SESSION + cut if kind == "pipe" else None, timeout=60)
    assert sizes(output) == EXPECTED
    assert server.returncode == 0


def test_the_server_ends_where_nobody_reads() -> None:
    read, write = os.pipe()
    with start(subprocess.PIPE, write) as server:
        os.close(write)
        os.close(read)
        assert server.stdin
        server.stdin.write(SESSION)
        server.stdin.flush()
        server.stdin.close()
        server.wait(timeout=60)


HANGING = ["sleep", "output", "thread", "never", "python", "native"]


@pytest.mark.parametrize("how", HANGING)
@pytest.mark.parametrize("ending", ["closed", "exit"])
def test_a_handler_that_hangs_does_not_outlive_the_editor(how: str, ending: str) -> None:
    """Whether it only closes its end or sends `exit` first, for any kind of hang."""
    command = [sys.executable, "-c", HANGS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdin
        assert server.stderr
        server.stdin.write(
            message(id=0, method="initialize", params={"capabilities": {}, "processId": None})
            + message(id=1, method="test/hang", params={"how": how})
        )
        server.stdin.flush()
        assert server.stderr.readline() == b"hangs\n"
        if ending == "exit":
            server.stdin.write(END)
            server.stdin.flush()
        if ending == "closed" or how in (
            "sleep",
            "output",
            "python",
            "native",
        ):  # it no longer reads
            server.stdin.close()
        assert server.wait(60) in ({0} if how != "native" else {0, -getattr(signal, "SIGPROF", 0)})


LENGTHS: list[tuple[str, bytes, str]] = [
    ("negative", b"Content-Length: -5\r\n\r\n{}", "a Content-Length of b'-5'"),
    ("text", b"Content-Length: x\r\n\r\n{}", "a Content-Length of b'x'"),
    ("none", b"X: 5\r\n\r\n{}", "no Content-Length in b'X: 5'"),
    ("empty", b"Content-Length:\r\n\r\n{}", "a Content-Length of b''"),
    ("two", b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "more than one Content-Length"),
    ("over", b"Content-Length: 167772161\r\n\r\n{", "167,772,160 is the limit"),
    ("huge", b"Content-Length: %b\r\n\r\n{" % (b"9" * 5000), "167,772,160 is the limit"),
    ("endless", b"X" * 100_000, "headers without an end"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "text"), [row[1:] for row in LENGTHS], ids=[row[0] for row in LENGTHS]
)
def test_what_is_not_the_protocol_ends_the_server_with_a_message(data: bytes, text: str) -> None:
    """Its input stays open: the server must not wait for data that never arrives."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdin
        assert server.stderr
        server.stdin.write(SESSION + data)
        server.stdin.flush()
        assert server.wait(60) == 0
        assert text in server.stderr.read().decode()


def test_two_equal_lengths_are_one() -> None:
    length = END.partition(b"\r\n")[0] + b"\r\n"
    doubled = END.replace(length, length + length.lower(), 1)
    assert doubled != END
    with start(subprocess.PIPE) as server:
        output, _ = server.communicate(SESSION + doubled, timeout=60)
    assert sizes(output) == EXPECTED
    assert server.returncode == 0


FLOOD = """
import asyncio, time
from kvlens.lsp.fast_pygls.transport import StdioServer
server = StdioServer("test", "1")
most = 0
@server.feature("test/note")
def note(params):
    global most
    most = max(most, len(server._messages._received))
@server.feature("test/most")
def said(params):
    return {"most": most, "kept": len(server.protocol._request_futures)}
server.start_io()
"""


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_a_flood_waits_outside(kind: str) -> None:
    """Data that is sent faster than it is handled stays in the pipe, not in memory."""
    note = message(method="test/note", params={"text": "x" * 1000})
    flood = (
        message(id=0, method="initialize", params={"capabilities": {}, "processId": None})
        + note * 30_000
        + message(id=1, method="test/most")
        + END
    )
    with tempfile.TemporaryFile() as file:
        file.write(flood)
        file.seek(0)
        given = subprocess.PIPE if kind == "pipe" else file
        command = [sys.executable, "-c", FLOOD]
        with subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE) as server:
            output, _ = server.communicate(flood if kind == "pipe" else None, timeout=120)
    (result,) = [one["result"] for one in answers(output) if one["id"] == 1]
    assert result["most"] < 6 * 1024 * 1024
    assert result["kept"] <= 1
