"""`kvlens.put`: write a key; with `keep`, only a new value for a key that is there.

With `expected`, nothing is written over a value that the client has not seen.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.targets import claimed, find_target
from kvlens.operations.place import check_place
from kvlens.operations.put import put, replace

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
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
    check_place(
        target,
        key,
        claimed(server, target.scope.project),
        store=params.get("store", str),
        declared=bool(params.get("declared", bool)),
    )
    value = _value(params)
    expected = params.get("expected", str)
    if params.get("keep", bool):
        await replace(target, key, value, expected=expected)
        return {"kept": True}
    await put(
        target,
        key,
        value,
        metadata=params.sent.get("metadata"),
        expiration=params.get("expiration", int, float),
        expiration_ttl=params.get("expirationTtl", int, float),
        expected=expected,
    )
    return {"kept": False}


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


COMMAND = Command(
    run,
    "namespace, `key`, `text` or `base64`, `metadata?`, `expiration?`, `expirationTtl?`, `keep?`, "
    "`expected?`, `store?`, `declared?`",
    "`{kept}`; with `keep` only the value of a key that is there changes. With `expected`, the "
    '`digest` that was read (`""` for no key), the error is `ContentModified` where the key has '
    "another value by now, and nothing is written; nor is it with `store` and `declared` as they "
    "were read, where it would go elsewhere",
)
