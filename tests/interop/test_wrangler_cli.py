"""The real `wrangler kv`: over our REST API (--remote), and on the same disk (--local)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kvlens.kv.records import Entry, KeyInfo, Write

from tests.interop.runtimes import HERE, Serving, node

CONFIG = """name = "x"
compatibility_date = "2026-04-01"
kv_namespaces = [{ binding = "KV", id = "id1", preview_id = "preview1" }]
"""
BULK = [
    {"key": "b1", "value": "1", "metadata": {"x": 1}},
    {"key": "b2", "value": "AP8=", "base64": True, "expiration_ttl": 100},
]


class Wrangler:
    """Runs `wrangler kv …` in a separate folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        (folder / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
        (folder / "bulk.json").write_text(json.dumps(BULK), encoding="utf-8")
        (folder / "keys.json").write_text('["b1", "b2"]', encoding="utf-8")
        home = str(folder / "home")
        self._environment = {
            **os.environ,
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "WRANGLER_SEND_METRICS": "false",
            "NO_COLOR": "1",
            "CI": "1",
            **environment,
        }

    def __call__(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [node(), str(HERE / "node_modules/wrangler/bin/wrangler.js"), "kv", *arguments],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stdout + done.stderr


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with Serving("memory:", tmp_path, {"id1": "KV"}) as emulator:
        yield emulator


@pytest.fixture
def wrangler(tmp_path: Path, serving: Serving) -> Wrangler:
    """wrangler whose Cloudflare is our emulator."""
    return Wrangler(
        tmp_path,
        CLOUDFLARE_API_BASE_URL=serving.emulator.rest,
        CLOUDFLARE_API_TOKEN=serving.emulator.token,
        CLOUDFLARE_ACCOUNT_ID="local",
    )


def test_keys(wrangler: Wrangler, serving: Serving) -> None:
    on = ("--namespace-id", "id1", "--remote")
    before = int(time.time())
    wrangler("key", "put", "k/ü %", "value", *on, "--ttl", "100", "--metadata", '{"a":1}')
    assert wrangler("key", "get", "k/ü %", *on) == "value"
    (info,) = json.loads(wrangler("key", "list", *on))
    assert 100 <= info.pop("expiration") - before < 160
    assert info == {"name": "k/ü %", "metadata": {"a": 1}}
    serving.run(serving.store.put_many("id1", [Write(f"n{n:04}", b"") for n in range(1500)]))
    assert len(json.loads(wrangler("key", "list", *on, "--prefix", "n"))) == 1500
    wrangler("key", "delete", "k/ü %", *on)
    assert serving.run(serving.store.get("id1", "k/ü %")) is None
    assert "404: Not Found" in wrangler("key", "get", "none", *on, code=1)
    refused = wrangler("key", "put", "k", "v", *on, "--ttl", "5", code=1)
    assert "Invalid expiration_ttl of 5. Expiration TTL must be at least 60." in refused


def test_bulk(wrangler: Wrangler, serving: Serving) -> None:
    on = ("--namespace-id", "id1", "--remote")
    wrangler("bulk", "put", "bulk.json", *on)
    entry = serving.run(serving.store.get("id1", "b2"))
    assert entry.value == b"\x00\xff"
    assert entry.expiration is not None
    assert json.loads(wrangler("bulk", "get", "keys.json", *on))["b1"] == "1"
    wrangler("bulk", "delete", "keys.json", *on, "--force")
    assert serving.run(serving.store.list("id1")).keys == []


def test_namespaces(wrangler: Wrangler, serving: Serving) -> None:
    wrangler("namespace", "create", "NEW")
    listed = json.loads(wrangler("namespace", "list"))
    assert [item["title"] for item in listed] == ["KV", "NEW"]
    assert "already exists" in wrangler("namespace", "create", "NEW", code=1)
    wrangler("namespace", "rename", "NEW", "--new-name", "OTHER")
    serving.run(serving.store.put("id1", Write("k", b"v")))
    wrangler("namespace", "delete", "--namespace-id", "id1", "-y")
    listed = json.loads(wrangler("namespace", "list"))
    assert [item["title"] for item in listed] == ["OTHER"]
    assert serving.run(serving.store.list("id1")).keys == []
    assert "[code: 10013]" in wrangler("key", "list", "--namespace-id", "id1", "--remote", code=1)


def test_the_same_disk(tmp_path: Path) -> None:
    """We read what `wrangler kv --local` writes, and vice versa."""
    wrangler = Wrangler(tmp_path)
    (tmp_path / "value.bin").write_bytes(b"\x00\xff")
    wrangler("key", "put", "k", "--path", "value.bin", "--binding", "KV", "--preview", "--local")
    wrangler(
        "bulk", "put", "bulk.json", "--namespace-id", "id1", "--local", "--persist-to", "there"
    )
    with (
        Serving("wrangler:", tmp_path, {}) as here,
        Serving("wrangler:there", tmp_path, {}) as there,
    ):
        assert here.run(here.store.get("preview1", "k")) == Entry(b"\x00\xff")
        keys = there.run(there.store.list("id1")).keys
        assert keys[0] == KeyInfo("b1", None, '{"x":1}')
        here.run(here.store.put("id1", Write("ours", "ü".encode())))
    assert wrangler("key", "get", "ours", "--namespace-id", "id1", "--local") == "ü"
