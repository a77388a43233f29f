"""`kvlens.put`: write a key; with `keep`, give the key that is there a new value only.

With `expected`, nothing is written over a value that the client has not seen.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from kvlens.kv import validation
from kvlens.kv.namespace import KVNamespace
from kvlens.lsp.commands.params import (
    CommandError,
    ConflictError,
    ParamsError,
    claimed,
    find_target,
)
from kvlens.stores.base import Replaced, digest
from kvlens.stores.registry import shown_url

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params, Target
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, bool]:
    """Return whether metadata and expiration were kept, as `keep` asks.

    With `keep`, a key that is gone meanwhile is an error, and nothing is written. `expected` is
    the `digest` of the value that `kvlens.get` gave, or "" where there was no key. With `store` and
    `declared` as it gave them, nothing is written into another store, or into a namespace that no
    config names any more.
    """
    target = await find_target(server, params)
    key = params.text("key")
    _check_place(server, params, target, key)
    value = _value(params)
    expected = params.get("expected", str)
    store = await target.store()
    if params.get("keep", bool):
        validation.check_value_size(len(value))
        done = await store.replace(target.id, key, value, expected)
        if done is Replaced.CHANGED:
            raise _conflict(key, target)
        if not done:
            raise CommandError(
                f'Key "{key}" is not in {target.binding} any more: it was deleted or has expired. '
                "Put it anew to keep this value."
            )
        return {"kept": True}
    if expected is not None:
        entry = await store.get(target.id, key)
        if expected != ("" if entry is None else digest(entry.value)):
            raise _conflict(key, target)
    options: dict[str, Any] = {}
    for name, option, kinds in (
        ("expiration", "expiration", (int, float)),
        ("expirationTtl", "expiration_ttl", (int, float)),
    ):
        given = params.get(name, *kinds)
        if given is not None:
            options[option] = given
    if params.sent.get("metadata") is not None:
        options["metadata"] = params.sent["metadata"]
    namespace = KVNamespace(store, target.id, compat=target.compat)
    await namespace.put(key, value, **options)
    return {"kept": False}


def _check_place(server: Server, params: Params, target: Target, key: str) -> None:
    """Refuse to put a key elsewhere than where the client has read it."""
    read_from = params.get("store", str)
    store = shown_url(target.project.emulator.settings.store)
    if read_from not in (None, store):
        raise CommandError(
            f'"{key}" was read from the store "{read_from}". {target.project.label} uses "{store}" '
            "now. Nothing was changed; read it again first."
        )
    if params.get("declared", bool) and target.id not in claimed(server, target.project):
        raise CommandError(
            f'{target.project.label} declares no KV namespace with id "{target.id}" any more. '
            "Nothing was changed; put it into another namespace."
        )


def _conflict(key: str, target: Target) -> ConflictError:
    return ConflictError(
        f'Key "{key}" in {target.binding} is not what was read: something else has written it '
        "since. Nothing was changed; read it again first."
    )


def _value(params: Params) -> bytes:
    text = params.get("text", str)
    if text is not None:
        return str(text).encode("utf-8", "surrogatepass")
    encoded = params.get("base64", str)
    if encoded is None:
        raise ParamsError('"text" or "base64" is missing; it takes a string')
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParamsError(f'"base64" is not base64: {error}') from None
