"""The edits of a table: made together, or not at all."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import Editor, run

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARTS = {"binding": "CARTS", "environment": None}
SOON = int(time.time()) + 3600
BEFORE: list[dict[str, Any]] = [
    {"key": "a", "text": "1", "metadata": {"n": 1}, "expiration": SOON},
    {"key": "b", "base64": "/w=="},
    {"key": "c", "text": "3"},
]

# edits, each with the key whose version it names; the keys afterwards
EDITS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "a value keeps the rest": (
        [{"key": "a", "text": "2"}],
        [{"key": "a", "text": "2", "metadataText": '{"n":1}', "expiration": SOON}, *BEFORE[1:]],
    ),
    "metadata and expiration keep the value": (
        [{"key": "b", "metadataText": "[1]", "expiration": SOON}],
        [BEFORE[0], {"key": "b", "base64": "/w==", "metadataText": "[1]", "expiration": SOON}, BEFORE[2]],
    ),
    "none": (
        [{"key": "a", "metadataText": None, "expiration": None}],
        [{"key": "a", "text": "1"}, *BEFORE[1:]],
    ),
    "names are exchanged": (
        [{"key": "b", "to": "c"}, {"key": "c", "to": "b"}],
        [BEFORE[0], {"key": "b", "text": "3"}, {"key": "c", "base64": "/w=="}],
    ),
    "a new key, a copy of bytes, a delete": (
        [{"key": "d", "text": ""}, {"key": "e", "base64": "AP8="}, {"key": "a", "delete": True}],
        [BEFORE[1], BEFORE[2], {"key": "d", "text": ""}, {"key": "e", "base64": "AP8="}],
    ),
    "a renamed key makes room": (
        [{"key": "b", "to": "x"}, {"key": "c", "to": "b"}],
        [BEFORE[0], {"key": "b", "text": "3"}, {"key": "x", "base64": "/w=="}],
    ),
}  # fmt: skip

# edits that aren't made: their conflicts, or what the error says
REFUSED: dict[str, tuple[list[dict[str, Any]], list[str] | str]] = {
    "changed since": ([{"key": "a", "version": "other", "text": "2"}, {"key": "d", "text": "4"}], ["a"]),
    "gone": ([{"key": "z", "version": "other", "delete": True}], ["z"]),
    "exists": ([{"key": "c", "version": "", "text": "4"}], ["c"]),
    "the new name exists": ([{"key": "a", "to": "c"}, {"key": "b", "text": "2"}], ["c"]),
    "one new name for two": ([{"key": "a", "to": "x"}, {"key": "b", "to": "x"}], 'two rows have the key "x"'),
    "a bad name": ([{"key": "d", "text": "4"}, {"key": "a", "to": ".."}], '".."'),
    "metadata": ([{"key": "a", "metadataText": "{"}], "isn't JSON"),
    "long name": (
        [{"key": "a", "to": "x" * 513}],
        f'"{"x" * 57}…" can\'t be saved: UTF-8 encoded length of 513 exceeds key length limit of 512.',
    ),
    "long metadata": (
        [{"key": "a", "metadataText": f'"{"x" * 1024}"'}],
        '"a" can\'t be saved: Metadata length of 1026 exceeds limit of 1024',
    ),
    "short ttl": ([{"key": "a", "expirationTtl": 10}], '"a" can\'t be saved: Invalid expiration_ttl'),
    "much metadata": ([{"key": "a", "metadataText": f'"{"m" * 1023}"'}], "1024"),
    "an early expiration": ([{"key": "a", "expiration": int(time.time()) - 5}], "Invalid expiration"),
    "milliseconds": ([{"key": "a", "expiration": SOON * 1000}], "looks like milliseconds"),
    "no object": ([{"key": "a", "text": 1}], '"text" is 1; it takes str'),
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def filled(editor: Editor) -> AsyncIterator[Editor]:
    await run(editor, "kvlens.clear", **CARTS)
    for item in BEFORE:
        await run(editor, "kvlens.put", **CARTS, **item)
    yield editor
    await run(editor, "kvlens.clear", **CARTS)


async def everything(editor: Editor) -> list[dict[str, Any]]:
    """Return all keys as `BEFORE` has them, without their versions."""
    listed = await run(editor, "kvlens.list", **CARTS)
    keys = [key["name"] for key in listed["keys"]]
    found = await run(editor, "kvlens.contents", **CARTS, keys=keys, values=1000)
    for content in found["contents"]:
        assert len(content.pop("version")) == 64
    return list(found["contents"])


async def versioned(editor: Editor, edits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = [edit["key"] for edit in edits]
    found = await run(editor, "kvlens.contents", **CARTS, keys=keys)
    versions = {content["key"]: content["version"] for content in found["contents"]}
    return [{"version": versions[edit["key"]], **edit} for edit in edits]


def shown(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items of `BEFORE` with their metadata as text."""
    return [
        {name: value for name, value in item.items() if name != "metadata"}
        | ({"metadataText": '{"n":1}'} if "metadata" in item else {})
        for item in items
    ]


@pytest.mark.parametrize(("edits", "after"), EDITS.values(), ids=EDITS)
async def test_edits_are_made_together(
    filled: Editor, edits: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    done = await run(filled, "kvlens.apply", **CARTS, edits=await versioned(filled, edits))
    assert done == {"applied": len(edits), "conflicts": []}
    assert await everything(filled) == shown(after)


@pytest.mark.parametrize(("edits", "said"), REFUSED.values(), ids=REFUSED)
async def test_one_refused_edit_refuses_all(
    filled: Editor, edits: list[dict[str, Any]], said: list[str] | str
) -> None:
    sent = await versioned(filled, edits)
    if isinstance(said, list):
        done = await run(filled, "kvlens.apply", **CARTS, edits=sent)
        assert done == {"applied": 0, "conflicts": said}
    else:
        with pytest.raises(JsonRpcException, match=said.replace("..", "[.][.]")):
            await run(filled, "kvlens.apply", **CARTS, edits=sent)
    assert await everything(filled) == shown(BEFORE)


async def test_values_that_do_not_fit_are_omitted(filled: Editor, folder: Path) -> None:
    found = await run(filled, "kvlens.contents", **CARTS, keys=["a", "b", "none"], values=1)
    first, second, missing = found["contents"]
    assert first["text"] == "1" and "base64" not in second
    assert missing == {"key": "none", "version": ""}
