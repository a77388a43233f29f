"""Workers in both syntaxes, and both behaviors, on the real workerd."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.limits import CompatName
from kvlens.kv.records import Write
from kvlens.kv.validation import STRICT_NOTE

from tests.interop.runtimes import Serving, Thrown, Workerd


def read(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)


@pytest.mark.parametrize("store", ["memory:", "wrangler:"])
def test_service_worker(tmp_path: Path, store: str) -> None:
    with Serving(store, tmp_path, {"id": "KV"}, "strict") as serving:
        emulator = serving.emulator
        worker = Workerd(tmp_path, emulator.url, emulator.token, {"KV": "id"}, service_worker=True)
        try:
            serving.run(serving.store.put("id", Write("count", b"1")))
            expected = {"count": 2, "before": None}
            keys = [{"name": "count", "metadata": {"counted": 2}}]
            assert read(worker.url) == {**expected, "keys": keys}
            entry = serving.run(serving.store.get("id", "count"))
            assert entry == (b"2", '{"counted":2}', None)
            assert read(worker.url)["before"] == {"counted": 2}
        finally:
            worker.stop()


REFUSED: list[tuple[list[Any], str]] = [
    (["put", "k", "v", {"expirationTtl": 30}], "KV PUT failed: 400 Invalid expiration_ttl of 30. "
     "Expiration TTL must be at least 60."),
    (["get", "k", {"cacheTtl": 59}],
     "KV GET failed: 400 Invalid cache_ttl of 59. Cache TTL must be at least 60." + STRICT_NOTE),
    (["get", "k", {"cacheTtl": 0}],
     "KV GET failed: 400 Invalid cache_ttl of 0. Cache TTL must be at least 30."),
    (["list", {"limit": 1001}], "KV GET failed: 400 Invalid key_count_limit of 1001. "
     "Please specify an integer less than 1000."),
    (["put", "k", "v", {"metadata": "x" * 1023}],
     "KV PUT failed: 413 Metadata length of 1025 exceeds limit of 1024."),
    (["put", "k", {"$zeroStream": 26_214_401}],
     "KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400."),
]  # fmt: skip


@pytest.mark.parametrize("compat", ["strict", "miniflare2"])
def test_strict(tmp_path: Path, compat: CompatName) -> None:
    """The emulator rejects what is visible over the wire, under the old name too."""
    with Serving("memory:", tmp_path, {"id": "KV"}, compat) as serving:
        emulator = serving.emulator
        worker = Workerd(tmp_path, emulator.url, emulator.token, {"KV": "id"})
        try:
            for call, expected in REFUSED:
                assert worker.call("KV", *call) == Thrown(("Error", expected))
            assert worker.call("KV", "list") == {
                "keys": [],
                "list_complete": True,
                "cacheStatus": None,
            }
        finally:
            worker.stop()


def test_what_a_worker_sees_when_something_is_wrong(tmp_path: Path) -> None:
    """A namespace that is not served, a wrong token, and a restart of the emulator."""
    with Serving("memory:", tmp_path, {"id": "KV"}) as serving:
        emulator = serving.emulator
        bindings = {"KV": "id", "OTHER": "not there"}
        worker = Workerd(tmp_path, emulator.url, emulator.token, bindings)
        (tmp_path / "stranger").mkdir()
        stranger = Workerd(tmp_path / "stranger", emulator.url, "wrong", {"KV": "id"})
        try:
            unknown = (
                'KV GET failed: 400 KV Lens serves no namespace with the id "not there"; '
                "add it to kv_namespaces in the config"
            )
            assert worker.call("OTHER", "get", "k") == ("Error", unknown)
            emulator.set_namespaces({"id": "KV", "not there": "OTHER"})
            assert worker.call("OTHER", "get", "k") is None
            needs = (
                "KV GET failed: 401 The KV Lens emulator needs its token: "
                "Authorization: Bearer TOKEN"
            )
            assert stranger.call("KV", "get", "k") == ("Error", needs)

            worker.call("KV", "put", "k", "kept")
            port = int(emulator.url.rpartition(":")[2])
            serving.run(emulator.close())
            assert worker.call("KV", "get", "k") == ("Error", "Network connection lost.")
            serving.run(emulator.start(port=port))
            assert worker.call("KV", "get", "k") == "kept"
        finally:
            worker.stop()
            stranger.stop()
