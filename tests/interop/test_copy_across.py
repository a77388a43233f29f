"""`kvlens compare` and `kvlens copy` between local keys and Redis, and between them and Cloudflare.

Our emulator's REST API stands for Cloudflare's.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kvlens.process import own_command

from tests.interop.redis_servers import Server, redis_server

ID = "0f2ac74b498b48028cb68387c421e279"
CONFIG = f'[[kv_namespaces]]\nbinding = "S"\nid = "{ID}"\n'
ITEMS = [
    {"key": "both", "value": "here", "metadata": {"n": 12345678901234567890}},
    {"key": "bytes", "value": "/w==", "base64": True, "expiration": 2_000_000_000},
    {"key": "same", "value": "s"},
]
OTHERS = [
    {"key": "both", "value": "there"},
    {"key": "same", "value": "s"},
    {"key": "x", "value": ""},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "items.json").write_text(json.dumps(ITEMS), encoding="utf-8")
    (tmp_path / "others.json").write_text(json.dumps(OTHERS), encoding="utf-8")
    return tmp_path


@pytest.fixture(params=["redis", "cloudflare"])
def elsewhere(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URL of another store."""
    if request.param == "redis":
        with Server(redis_server(), tmp_path) as server:
            yield server.url
        return
    there = tmp_path / "there"
    there.mkdir()
    (there / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    command = own_command("serve", "--json", "--store", "memory:")
    with subprocess.Popen(command, cwd=there, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        said = json.loads(served.stdout.readline())
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", said["rest"])
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", said["token"])
        monkeypatch.setenv("KVLENS_ALLOW_REMOTE_WRITES", "1")
        yield "cloudflare:account?writes=allow"
        served.terminate()


def kvlens(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        own_command(*words),
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_keys_are_compared_and_copied_across(project: Path, elsewhere: str) -> None:
    kvlens(project, "bulk", "put", "items.json", "--binding", "S")
    kvlens(project, "bulk", "put", "others.json", "--binding", "S", "--store", elsewhere)
    across = ("--binding", "S", "--to-store", elsewhere)
    compared = kvlens(project, "compare", *across, "--json")
    kinds = {one["key"]: one["kind"] for one in json.loads(compared.stdout)["keys"]}
    assert kinds == {"both": "changed", "bytes": "left", "x": "right"}, compared.stderr

    refused = kvlens(project, "copy", *across, "--keys", "bytes")
    assert (refused.returncode, "add --force" in refused.stderr) == (2, True), refused.stderr

    copied = kvlens(project, "copy", *across, "--delete", "--force")
    assert copied.returncode == 0, copied.stderr
    assert "2 keys (1 new, 1 overwritten, 1 deleted)" in copied.stdout
    assert kvlens(project, "compare", *across).returncode == 0
    there = kvlens(project, "export", "--binding", "S", "--store", elsewhere)
    assert json.loads(there.stdout) == ITEMS
