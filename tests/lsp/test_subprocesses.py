"""How the language server handles a child with too much, too fast or invalid output."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from kvlens.lsp import subprocesses
from kvlens.lsp.settings import Settings
from kvlens.lsp.subprocesses import Child, ChildError

from tests.lsp.conftest import until

READY = 'print(\'{"event": "ready", "url": "http://x"}\', flush=True)\n'
MIB = 1024 * 1024
SAID: list[tuple[str, str, list[tuple[str, int]]]] = [
    # the child's output; the start of each event's message, and its maximum length
    ("a long line", f'print("x" * (20 * {MIB}))', [("xxx", 70_000)]),
    ("a long event", f'print(\'{{"event": "log", "message": "\' + "x" * (20 * {MIB}) + \'"}}\')',
     [('{"event": "log", "message": "xxx', 70_000)]),
    ("a long line without end", f'sys.stdout.write("x" * (20 * {MIB})); sys.stdout.flush()', []),
    ("a long error", f'print("x" * (20 * {MIB}), file=sys.stderr)', [("xxx", 70_000)]),
    ("no JSON", 'print("{nonsense")', [("{nonsense", 100)]),
    ("other JSON", 'print("[1]"); print("null")', [("[1]", 100), ("null", 100)]),
    ("deep JSON", 'print("[" * 100_000)', [("[[[", 70_000)]),
    ("no text", 'sys.stdout.buffer.write(b"\\xff\\n"); sys.stdout.flush()', [("\ufffd", 100)]),
    ("an event without a message", 'print(\'{"event": "log"}\')', [("", 0)]),
    ("namespaces without a list", 'print(\'{"event": "namespaces"}\')', [("", 0)]),
]  # fmt: skip


class Talker(Child):
    """A child that runs a script."""

    what = "The talker"

    async def arguments(self) -> list[str]:
        """Return no arguments."""
        return ["talk"]


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def begin(script: str, *, ready: str = READY) -> tuple[Talker, list[dict[str, Any]]]:
        events: list[dict[str, Any]] = []
        whole = f"import sys, time\n{ready}{script}\nsys.stdin.read()"
        command = [sys.executable, "-c", whole]
        monkeypatch.setattr(subprocesses, "own_command", lambda *_: command)
        talker = Talker(
            tmp_path / "wrangler.toml", Settings(), lambda child, event: events.append(event)
        )
        return talker, events

    return begin


@pytest.mark.parametrize(("script", "said"), [pytest.param(*s[1:], id=s[0]) for s in SAID])
async def test_what_comes_behind_is_still_heard(
    script: str, said: list[tuple[str, int]], talk: Any
) -> None:
    behind = (
        'print(\'\\n{"event": "behind"}\', flush=True); print("last", file=sys.stderr, flush=True)'
    )
    talker, events = talk(f"{script}\n{behind}")
    await talker.start()
    await until(lambda: any(event["event"] == "behind" for event in events))
    await until(lambda: any(event.get("message") == "last" for event in events))
    heard = [e for e in events if e["event"] != "state" and e.get("message") not in ("", "last")]
    messages = [str(e.get("message", "")) for e in heard if e["event"] != "behind"]
    if said:
        assert len(messages) == len(said)
    for message, (start, most) in zip(messages, said, strict=False):
        assert message.startswith(start)
        assert len(message) <= most
        assert ("more bytes of this line were left out" in message) == (len(message) > 60_000)
    assert talker.state == "running"
    await talker.stop()
    assert talker.state == "stopped"


async def test_a_flood_leaves_time_for_others(talk: Any) -> None:
    """It also uses no memory: unread output stays in the child."""
    script = 'for n in range(10**9): print(\'{"event": "log", "message": "%d"}\' % n)'
    talker, events = talk(script)
    await talker.start()
    turns = 0
    deadline = asyncio.get_running_loop().time() + 1
    while asyncio.get_running_loop().time() < deadline:
        turns += 1
        await asyncio.sleep(0.001)
    assert turns > 20
    assert len(events) < 20_000
    await talker.stop()


async def test_a_child_that_says_nothing_of_use_is_told(talk: Any) -> None:
    said = "kvlens talk: why"  # as in a shell; an editor doesn't show the program's name
    talker, _ = talk(f'print("{said}", file=sys.stderr); sys.exit(3)', ready='print("odd")\n')
    with pytest.raises(ChildError, match=r"^why$"):
        await talker.start()
    assert (talker.state, talker.message) == ("failed", "why")
