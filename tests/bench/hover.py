"""Hover at 2,000 lines without the way to the server and back: the time of our own work.

In a config at its fields, and in a Worker at its bindings, in this process: processor time. No emulator runs, so in
the Worker it is the time until the store would be asked. `features` has the time with the messages,
as an editor has it.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from kvlens.lsp import hover
from kvlens.lsp.server import Server
from lsprotocol import types

from scripts.toolchain import ToolError
from tests.bench.configs import make_config
from tests.bench.monorepo import make_monorepo
from tests.bench.report import NO_PEER, Row, percentile
from tests.bench.sources import make_source

TITLE = "Hover at 2,000 lines, our own time"
LINES = 2000
ASKED = 300
WARM = 20  # of these not counted
LIMIT = 1.0  # ms, p95
_IN_CONFIG = re.compile(r"\bbinding\b")
_IN_SOURCE = re.compile(r"(?<=env\.)(?:CACHE|SESSIONS)\b")


def run() -> list[Row]:
    """Ask for hovers all over a config and a source."""
    return [
        Row(
            f"{what}, p{share * 100:.0f}",
            "ms",
            percentile(times, share) * 1000,
            NO_PEER,
            None,
            len(times),
            limit=LIMIT if share == 0.95 else None,
        )
        for what, times in asyncio.run(_times()).items()
        for share in (0.5, 0.95)
    ]


async def _times() -> dict[str, list[float]]:
    """Return the seconds of each hover, in a config and in a source."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        root = Path(name).resolve()
        make_monorepo(root, 1)
        code = next(root.glob("*/*/src/index.ts")).with_name("steps.ts")
        source, _ = make_source(LINES)
        config, _ = make_config(LINES)
        code.write_text(source, encoding="utf-8", newline="\n")
        server = Server()
        await server.projects.find([root])
        server.found.set()
        found = {}
        for what, path, text, places in (
            ("config", root / "wrangler.toml", config, _IN_CONFIG),
            ("source", code, source, _IN_SOURCE),
        ):
            language = "toml" if path.suffix == ".toml" else "typescript"
            item = types.TextDocumentItem(path.as_uri(), language, 1, text)
            server.did_open(types.DidOpenTextDocumentParams(item))
            found[what] = [seconds async for seconds in _hovers(server, item, places)][WARM:]
        return found


async def _hovers(
    server: Server, item: types.TextDocumentItem, places: re.Pattern[str]
) -> AsyncIterator[float]:
    identifier = types.TextDocumentIdentifier(item.uri)
    for position in _positions(item.text, places):
        params = types.HoverParams(identifier, position)
        began = time.process_time()
        answer = await hover.answer(server, params)
        took = time.process_time() - began
        if answer is None and item.language_id == "toml":
            raise ToolError(f"no hover at {position} of {item.uri}")
        yield took


def _positions(text: str, places: re.Pattern[str]) -> Iterator[types.Position]:
    found = [
        types.Position(number, place.start() + 1)
        for number, line in enumerate(text.splitlines())
        for place in places.finditer(line)
    ]
    for number in range(ASKED):
        yield found[number * 7 % len(found)]
