"""Standard input as a pipe, a socket and a file; an input that is cut off; a client that goes."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

SERVER = """
from lsprotocol import types
from kvlens.lsp.transport import StdioServer
server = StdioServer("test", "1")
@server.feature("test/echo")
async def echo(params):
    return {"size": len(params.text)}
server.start_io()
"""

LARGE = "x" * 300_000  # more than a pipe or a reader's buffer holds


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


def test_a_file_is_read_by_a_thread(tmp_path: Path) -> None:
    path = tmp_path / "session"
    path.write_bytes(SESSION + END)
    with path.open("rb") as file, start(file) as server:
        output, _ = server.communicate(timeout=60)
    assert sizes(output) == EXPECTED


if hasattr(socket, "AF_UNIX"):  # elsewhere a socket cannot be a standard stream

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
