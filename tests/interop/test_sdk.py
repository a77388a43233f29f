"""The official clients, JavaScript and Python, against our REST API: everything they can do with
KV.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cloudflare import APIStatusError, Cloudflare

from tests.interop.runtimes import HERE, Serving, node

EVERYTHING = {
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
        [400, 10030, "item at index 1: Key names must not be empty"],
        [400, 10033, "You must request a minimum of 1 key"],
    ],
    "gone": ["KV"],
}


def javascript(address: str, token: str) -> dict[str, Any]:
    done = subprocess.run(
        [node(), str(HERE / "sdk.mjs"), address, token],
        cwd=HERE,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def python(address: str, token: str) -> dict[str, Any]:
    client = Cloudflare(base_url=address, api_token=token, max_retries=0)
    kv: Any = client.kv.namespaces
    account = {"account_id": "local"}
    answers: dict[str, Any] = {}

    ns = kv.create(**account, title="SDK").id
    at = {**account, "namespace_id": ns}
    answers["created"] = kv.get(ns, **account).title
    answers["updated"] = kv.update(ns, **account, title="SDK 2").title
    listed = kv.list(**account, per_page=1, order="title")
    answers["namespaces"] = [item.title for item in listed]

    odd = "a/ü ?#%"
    kv.values.update(odd, **at, value=b"text", metadata='{"n": 1}', expiration_ttl=100)
    kv.values.update("binary", **at, value=("b", b"\x00\xff\r\n"))
    answers["value"] = kv.values.get(odd, **at).text()
    answers["binary"] = list(kv.values.get("binary", **at).read())
    answers["expires"] = "expiration" in kv.values.get(odd, **at).headers
    answers["metadata"] = kv.metadata.get(odd, **at)

    items = [{"key": f"k{n}", "value": f"{n}"} for n in range(2500)]
    names = [item["key"] for item in items]
    answers["bulk"] = kv.bulk_update(ns, **account, body=items).to_dict()
    answers["keys"] = len(list(kv.keys.list(ns, **account, prefix="k", limit=1000)))
    asked = {**account, "keys": ["k1", "none"]}
    answers["many"] = kv.bulk_get(ns, **asked).to_dict()
    answers["many2"] = kv.bulk_get(ns, **asked, type="json", with_metadata=True).to_dict()
    answers["deleted"] = kv.bulk_delete(ns, **account, body=names).to_dict()
    kv.values.delete("binary", **at)
    answers["left"] = [item.name for item in kv.keys.list(ns, **account)]

    def refused(call: Callable[[], object]) -> object:
        with pytest.raises(APIStatusError) as caught:
            call()
        (told,) = caught.value.errors
        return [caught.value.status_code, told.code, told.message]

    bad = [{"key": "ok", "value": "v"}, {"key": "", "value": "v"}]
    answers["errors"] = [
        refused(lambda: kv.values.get("none", **at)),
        refused(lambda: kv.metadata.get("none", **at)),
        refused(lambda: kv.get("nowhere", **account)),
        refused(lambda: kv.values.update("k", **at, value=b"v", expiration_ttl=5)),
        refused(lambda: kv.values.update("k" * 513, **at, value=b"v")),
        refused(lambda: kv.create(**account, title="SDK 2")),
        refused(lambda: kv.bulk_update(ns, **account, body=bad)),
        refused(lambda: kv.bulk_get(ns, **account, keys=[])),
    ]
    kv.delete(ns, **account)
    answers["gone"] = [item.title for item in kv.list(**account)]
    client.close()
    return answers


@pytest.mark.parametrize("client", [javascript, python], ids=lambda client: client.__name__)
def test_everything_a_client_can_do(
    tmp_path: Path, client: Callable[[str, str], dict[str, Any]]
) -> None:
    with Serving("wrangler:", tmp_path, {"id1": "KV"}) as serving:
        answers = client(serving.emulator.rest, serving.emulator.token)
    assert answers == EVERYTHING
