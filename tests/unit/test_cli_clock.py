"""`kvlens clock`: what it prints, moves and refuses."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.unit.test_cli_key import ONE, Cli, cli, put

__all__ = ["cli"]

HIDDEN = (
    "Keys that have expired by it are hidden, not removed; kvlens clock reset brings them back. "
    "Date.now() in a Worker stays real.\n"
)


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> float:
    """The real time, which doesn't pass."""
    now = float(int(time.time()))
    monkeypatch.setattr("kvlens.operations.clock.system_clock", lambda: now)
    return now


def utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def test_it_is_shown_moved_and_reset(cli: Cli, real: float) -> None:
    assert cli("clock", "show").out.decode() == f"The clock isn't moved: it is {utc(real)}.\n"
    assert cli("clock", "show", "--json").json == {"time": real, "seconds": 0.0, "frozen": False}
    moved = cli("clock", "advance", "26h").out.decode()
    at = utc(real + 26 * 3600)
    assert moved == f"The clock is 1 d 2 h ahead of the real time: it is {at}.\n{HIDDEN}"
    assert cli("clock", "advance", "1.5m", "--json").json["seconds"] == 26 * 3600 + 90
    cli("clock", "freeze")
    frozen = cli("clock", "show", "--json").json
    assert frozen["frozen"] is True
    ahead = cli("clock", "advance", "1h", "--json").json
    assert (ahead["frozen"], ahead["time"]) == (True, frozen["time"] + 3600)
    assert "The clock is frozen at " in cli("clock", "show").out.decode()
    assert cli("clock", "resume", "--json").json["frozen"] is False
    assert cli("clock", "reset").out.decode() == f"The clock isn't moved: it is {utc(real)}.\n"


def test_it_jumps_to_the_expiration_of_a_key(cli: Cli) -> None:
    expires = int(time.time()) + 7200
    put(cli, "soon", "1", *ONE, "--expiration", str(expires))
    put(cli, "later", "1", *ONE, "--expiration", str(expires + 60))
    put(cli, "never", "1")
    for words, at in (
        (("soon", "--before"), expires - 1),
        ((), expires + 1),
        (("--after",), expires + 61),
    ):
        clock = cli("clock", "jump", *words, *ONE, "--json").json
        assert (clock["time"], clock["frozen"]) == (at, True)
    assert [one["name"] for one in cli("key", "list", *ONE).json] == ["never"]
    assert cli("clock", "reset").code == 0
    assert len(cli("key", "list", *ONE).json) == 3


def test_it_goes_back_too(cli: Cli) -> None:
    for words, seconds in ((("-1h",), -3600), (("--", "-90s"), -3690), (("2h",), 3510)):
        assert cli("clock", "advance", "--json", *words).json["seconds"] == seconds


def test_it_jumps_to_keys_that_it_has_hidden(cli: Cli) -> None:
    expires = int(time.time()) + 7200
    put(cli, "soon", "1", *ONE, "--expiration", str(expires))
    for words, at in (((), expires + 1), (("--before",), expires - 1), (("--after",), expires + 1)):
        clock = cli("clock", "jump", "soon", *words, *ONE, "--json").json
        assert (clock["time"], clock["frozen"]) == (at, True)
    done = cli("clock", "jump", *ONE)
    assert (done.code, "no key in ONE expires after this: the clock is frozen, " in done.err) == (
        1,
        True,
    )


def test_a_file_that_is_ignored_is_named_until_the_clock_is_moved(cli: Cli) -> None:
    cli("clock", "reset")
    (file,) = Path.cwd().rglob("clock.json")
    file.write_text('{"seconds": "60"}', encoding="utf-8")
    shown = cli("clock", "show")
    assert shown.out.decode().startswith("The clock isn't moved")
    assert "clock.json is ignored, so the clock isn't moved: seconds must be" in shown.err
    assert "clock.json is ignored" in cli("clock", "show", "--json").json["problem"]
    cli("clock", "freeze")
    assert "problem" not in cli("clock", "show", "--json").json
    file.unlink()
    file.mkdir()
    assert "clock.json" in cli("clock", "show", "--json").json["problem"]
    moved = cli("clock", "advance", "1h")
    assert (moved.code, "clock.json is a folder. Remove it" in moved.err) == (1, True)


def test_a_ttl_counts_from_the_moved_clock(cli: Cli) -> None:
    clock = cli("clock", "advance", "365d", "--json").json
    put(cli, "k", "1", *ONE, "--ttl", "60")
    (key,) = cli("key", "list", *ONE).json
    assert (
        int(clock["time"]) + 60
        <= key["expiration"]
        <= cli("clock", "show", "--json").json["time"] + 60
    )
    late = cli("key", "put", "l", "1", *ONE, "--expiration", str(int(clock["time"]) - 3600))
    assert (late.code, "Invalid expiration" in late.err) == (1, True)


WRONG: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no duration": (("advance",), 2, "DURATION"),
    "a word": (("advance", "soon"), 2, "DURATION is 'soon'; it takes a time such as 90s"),
    "nothing": (("advance", "0s"), 2, "DURATION is '0s'"),
    "nothing back": (("advance", "-0s"), 2, "or -1h to go back"),
    "an option": (("advance", "-x"), 2, "unknown option -x"),
    "back before 1970": (("advance", "-99999d"), 2, "it goes from 1970"),
    "too far": (("advance", "999999999999d"), 2, "it goes from 1970 to the end of the year 9999"),
    "no key": (("jump", "none", *ONE), 1, 'no key "none" in ONE'),
    "a key that stays": (("jump", "never", *ONE), 2, 'key "never" in ONE never expires'),
    "nothing expires": (("jump", *ONE), 1, "no key in ONE expires"),
    "both sides": (("jump", "never", *ONE, "--before", "--after"), 2, "not allowed with"),
    "no namespace": (("jump", "never"), 2, "--binding"),
    "a server's clock": (
        ("freeze", "--store", "redis://localhost:1"),
        1,
        "its server decides when keys expire",
    ),
    "one in memory": (("show", "--store", "memory:"), 2, "in the memory of a running emulator"),
}


@pytest.mark.parametrize(("words", "code", "text"), WRONG.values(), ids=WRONG)
def test_what_is_refused_moves_nothing(
    cli: Cli, words: tuple[str, ...], code: int, text: str
) -> None:
    put(cli, "never", "1")
    done = cli("clock", *words)
    assert (done.code, text in done.err) == (code, True), done.err
    assert cli("clock", "show", "--json").json["seconds"] == 0
