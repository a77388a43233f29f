"""The official JavaScript client against our REST API."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.interop.runtimes import HERE, Serving, node


def test_everything_the_client_can_do(tmp_path: Path) -> None:
    with Serving("wrangler:", tmp_path, {"id1": "KV"}) as serving:
        emulator = serving.emulator
        done = subprocess.run(
            [node(), str(HERE / "sdk.mjs"), emulator.rest, emulator.token],
            cwd=HERE,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "created": "SDK",
        "updated": "SDK 2",
        "namespaces": ["KV", "SDK 2"],
        "value": "text",
        "binary": [0, 255, 13, 10],
        "expires": True,
        "metadata": {"n": 1},
        "bulk": {"successful_key_count": 2500, "unsuccessful_keys": []},
        "keys": 2500,
        "many": {"values": {"k1": "1", "none": None}},
        "many2": {"values": {"k1": {"value": 1, "metadata": None}, "none": None}},
        "deleted": {"successful_key_count": 2500, "unsuccessful_keys": []},
        "left": ["a/ü ?#%"],
        "errors": [
            [404, 10009, "key not found"],
            [404, 10009, "key not found"],
            [404, 10013, "namespace 'nowhere' not found"],
            [400, 10033, "Invalid expiration_ttl of 5. Expiration TTL must be at least 60."],
            [414, 10030, "UTF-8 encoded length of 513 exceeds key length limit of 512."],
            [400, 10014, "a namespace with the title 'SDK 2' already exists"],
            [400, 10030, "item 1: Key names must not be empty"],
            [400, 10033, "You must request a minimum of 1 key"],
        ],
        "gone": ["KV"],
    }
