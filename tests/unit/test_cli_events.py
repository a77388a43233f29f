"""The output of a serving command to a reader that is slow, stops reading or goes away."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from kvlens.cli import events
from kvlens.cli.events import QUEUED, Events, LineWriter

HANG = 30.0  # seconds; only a broken test waits that long


class Pipe:
    """A pipe: its write end as a stream, and its output."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.stream: TextIO = os.fdopen(writer, "w", encoding="utf-8")

    def lines(self) -> list[str]:
        """Close the writing end and return all that was written."""
        found: list[bytes] = []
        thread = threading.Thread(target=lambda: found.extend(os.fdopen(self.reader, "rb")))
        thread.start()
        self.stream.close()
        thread.join(HANG)
        return [line.decode().rstrip("\n") for line in found]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    yield Pipe()


def test_lines_come_in_order(pipe: Pipe) -> None:
    writer = LineWriter(pipe.stream, str)
    for number in range(1000):
        writer.line(f"{number} é \udcff")
    writer.close()
    assert pipe.lines() == [f"{number} é \\udcff" for number in range(1000)]


def test_a_reader_that_does_not_read_costs_lines_that_are_counted(pipe: Pipe) -> None:
    writer = LineWriter(pipe.stream, lambda count: f"dropped {count}")
    text = "x" * 999
    began = time.monotonic()
    sent = 2 * QUEUED // 1000
    for _ in range(sent):
        writer.line(text)
    writer.line("state", is_state=True)
    writer.close(0.2)
    assert time.monotonic() - began < HANG
    found: list[str] = []

    def read() -> None:
        for line in os.fdopen(pipe.reader, encoding="utf-8"):
            found.append(line.rstrip())
            lost = sum(int(one.split()[1]) for one in found if one.startswith("dropped"))
            if "state" in found and found.count(text) + lost == sent:
                return

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(HANG)
    assert not thread.is_alive()
    assert QUEUED // 1000 - 70 <= found.count(text) <= QUEUED // 1000 + 70  # what the pipe holds


def test_a_reader_that_has_gone_is_not_minded(pipe: Pipe) -> None:
    writer = LineWriter(pipe.stream, str)
    os.close(pipe.reader)
    for _ in range(1000):
        writer.line("x" * 1000)
    writer.close()
    assert not writer._thread.is_alive()


@pytest.mark.skipif(os.name == "nt", reason="pipes there always block")
def test_a_pipe_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.stream.fileno(), False)
    writer = LineWriter(pipe.stream, str)
    for number in range(500):
        writer.line(f"{number} " + "x" * 1000)
    found: list[bytes] = []
    with os.fdopen(pipe.reader, "rb") as reader:
        while len(found) < 500:
            found.append(reader.readline().split(b" ")[0])
    writer.close()
    assert found == [str(number).encode() for number in range(500)]


def said(monkeypatch: pytest.MonkeyPatch, as_json: bool, *calls: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    heard = Events(as_json=as_json)
    for call in calls:
        call(heard)
    heard.close()
    return out.getvalue(), err.getvalue()


def fail(heard: Events) -> None:
    try:
        raise KeyError("a\nb")
    except KeyError as error:
        for _ in range(100):
            heard.unexpected(error)


def test_an_unexpected_error_is_one_line_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KVLENS_DEBUG", raising=False)
    out, err = said(monkeypatch, False, fail)
    assert (out, err) == (
        "",
        "error: internal error: KeyError: 'a\\nb'; KVLENS_DEBUG=1 shows where, please report it\n",
    )
    monkeypatch.setenv("KVLENS_DEBUG", "1")
    assert "Traceback" in said(monkeypatch, False, fail)[1]
    out, err = said(monkeypatch, True, fail)
    event = json.loads(out)
    assert err == ""
    assert event["message"] == "internal error: KeyError: 'a\\nb'; please report it"
    assert f'{Path(__file__).name}", line' in event["traceback"]


def test_what_is_held_back_is_said_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def hold(heard: Events) -> None:
        heard.held = []
        heard.log("info", "first")
        heard.event("second")
        heard.release()
        heard.event("third")

    out, _ = said(monkeypatch, True, hold)
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["log", "second", "third"]
    assert events.LAST_WORDS < HANG
