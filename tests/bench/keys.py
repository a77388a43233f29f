"""The time from a keystroke to the diagnostics of the new text.

Each keystroke causes or removes a problem that the server reports (see `configs.Typed`), so every
edit has its own diagnostics. If the server sends versions with diagnostics, the first ones of the
version just sent count; taplo doesn't, so the first ones with the expected problem, or without it,
count, after a pause in which all older ones arrive. Changes are sent as the server requests them:
as edits to ours, as full texts to both peers.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.client import Client
from tests.bench.configs import Typed
from tests.bench.project import open_config, project
from tests.bench.report import Row, percentile
from tests.bench.servers import PEERS, Server, ours

TITLE = "Typing: one key -> its diagnostics"
SIZES = {60: 120, 2000: 60}  # lines of the config: keystrokes per round
ROUNDS = 3
SILENCE = 0.02  # seconds; also the interval of typing
SETTLE = 1.5  # seconds until the server's work after opening is done
AIMS = {"tombi": 2.0}

OTHERS = [letter for letter in string.ascii_lowercase if letter != "d"]


def run() -> list[Row]:
    """Type into each server in turn, at each size."""
    servers = [ours(), *(make() for make in PEERS)]
    rows: list[Row] = []
    for lines, keys in SIZES.items():
        found = times(servers, lines, keys)
        mine = found[servers[0].name]
        for peer in servers[1:]:
            theirs = found[peer.name]
            for name, share in (("p50", 0.5), ("p95", 0.95)):
                rows.append(
                    Row(
                        f"{lines:,} lines, {name}",
                        "ms",
                        percentile(mine, share) * 1000,
                        peer.name,
                        percentile(theirs, share) * 1000,
                        len(mine),
                        aim=AIMS.get(peer.name.split()[0]),
                    )
                )
    return rows


def times(servers: Sequence[Server], lines: int, keys: int) -> dict[str, list[float]]:
    """Return the seconds of each keystroke, by server name; the servers take turns."""
    found: dict[str, list[float]] = {server.name: [] for server in servers}
    for _ in range(ROUNDS):
        for server in servers:
            found[server.name] += _type(server, lines, keys)
    return found


def _type(server: Server, lines: int, keys: int) -> list[float]:
    with project(server, lines) as (folder, text, places), Client(server, folder) as client:
        client.initialize()
        return [
            key.send()
            for key in itertools.islice(replay_typing(client, folder, text, places), keys + 10)
        ][10:]


def replay_typing(client: Client, folder: Path, text: str, places: list[Typed]) -> Any:
    """Yield keystrokes to send, one after the other, at their time."""
    uri = open_config(client, folder, text)
    client.quiet(SETTLE)
    written = text.splitlines(keepends=True)
    others = itertools.cycle(OTHERS)
    for version in itertools.count(2):
        made = version % 2 == 0
        place = places[version // 2 % len(places)]
        letter = "d" if made else next(others)
        line = written[place.line]
        written[place.line] = line[: place.character] + letter + line[place.character + 1 :]
        yield _Key(client, uri, version, place, letter, "".join(written), made)
        client.quiet(SILENCE)


class _Key:
    """One keystroke, ready to be sent."""

    def __init__(
        self,
        client: Client,
        uri: str,
        version: int,
        place: Typed,
        letter: str,
        text: str,
        made: bool,
    ) -> None:
        self.client = client
        self.version = version
        self.uri = uri
        self.made = made
        start = {"line": place.line, "character": place.character}
        end = {"line": place.line, "character": place.character + 1}
        change: dict[str, Any] = {"text": text}
        if not client.full_text:
            change = {"range": {"start": start, "end": end}, "text": letter}
        self.message = {
            "method": "textDocument/didChange",
            "params": {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [change],
            },
        }

    def send(self) -> float:
        """Type it; return the seconds to its diagnostics."""
        began = self.client.send(self.message)
        arrived, _ = self.client.wait_for(self._answers)
        assert arrived > began
        return arrived - began

    def _answers(self, message: dict[str, Any]) -> bool:
        if message.get("method") != "textDocument/publishDiagnostics":
            return False
        params = message["params"]
        if params["uri"] != self.uri:
            return False
        if self.client.server.has_versions:
            return bool(params.get("version") == self.version)
        return bool(params["diagnostics"]) == self.made
