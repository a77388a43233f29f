"""Typing in a config while a value of 25 MiB is opened, again and again.

A keystroke's time is from the change to the diagnostics of the new text, with what the client needs
to read the value that arrives in between. The other column is the same without a value. A value is
opened as the table's details do, its first MiB, and as a document does, MiB by MiB.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

from kvlens.kv.records import Write
from kvlens.stores.registry import open_store

from tests.bench.client import Client
from tests.bench.report import Row
from tests.bench.servers import ours

TITLE = "Typing while a value of 25 MiB is opened"
SIZE = 25 * 1024 * 1024
PART = 1024 * 1024  # what the extension asks for at once
ASKED = {"the details": PART, "a document": SIZE}  # what opens the value: bytes that it needs
KEYSTROKES = 200
PAUSE = 0.02  # seconds between two keystrokes
LIMIT = 50.0  # ms
CONFIG = """name = "shop"
[[kv_namespaces]]
binding = "LARGE"
id = "0f2ac74b498b48028cb68387c421e279"
[[kv_namespaces]]
binding = "OTHER"
"""


def run() -> list[Row]:
    """Measure each way to open the value, and typing alone."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        folder = Path(name).resolve()
        (folder / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
        asyncio.run(_fill(folder))
        with Client(ours(), folder) as client:
            client.initialize()
            typist = _Typist(client, folder / "wrangler.toml")
            rows = []
            for what, needed in ASKED.items():
                alone = list(typist.type(0))
                beside = list(typist.type(needed))
                rows.append(
                    Row(
                        f"p95 of a keystroke beside {what}",
                        "ms",
                        _p95(beside),
                        "alone",
                        _p95(alone),
                        KEYSTROKES,
                        limit=LIMIT,
                    )
                )
            return rows


async def _fill(folder: Path) -> None:
    store = open_store("wrangler:", folder)
    item = b'{"id":123456,"name":"a tea of the day","price":4.5},'
    value = b"[" + (item * (SIZE // len(item)))[:-1] + b"]"
    await store.put("0f2ac74b498b48028cb68387c421e279", Write("large", value))
    await store.close()


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1] * 1000


class _Typist:
    """Types an id that is too long, digit by digit: each digit changes the diagnostics."""

    def __init__(self, client: Client, path: Path) -> None:
        self._client = client
        self._uri = path.as_uri()
        self._numbers = count(2)
        document = {"uri": self._uri, "languageId": "toml", "version": 1, "text": CONFIG}
        client.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def type(self, needed: int) -> Iterator[float]:
        """Yield the seconds of each keystroke, while this many bytes of the value are read."""
        if needed:
            self._client.send(_request(0))
        for _ in range(KEYSTROKES):
            version = next(self._numbers)
            text = f'{CONFIG}id = "{"0" * (version % 2)}"\n'
            changed = {
                "textDocument": {"uri": self._uri, "version": version},
                "contentChanges": [{"text": text}],
            }
            began = self._client.send({"method": "textDocument/didChange", "params": changed})
            while True:
                arrived, message = self._client.wait_for(lambda _: True)
                params = message.get("params") or {}
                if message.get("id") == "value":
                    value = message["result"]
                    whole = value["end"] >= min(needed, value["size"])
                    self._client.send(_request(0 if whole else value["end"]))
                elif params.get("version") == version and params.get("uri") == self._uri:
                    yield arrived - began
                    break
            time.sleep(PAUSE)


def _request(start: int) -> dict[str, Any]:
    params = {"binding": "LARGE", "key": "large", "start": start, "limit": PART}
    command = {"command": "kvlens.get", "arguments": [params]}
    return {"id": "value", "method": "workspace/executeCommand", "params": command}
