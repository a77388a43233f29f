"""Namespaces compared for a client, and keys copied across."""

from __future__ import annotations

from typing import Any

import pytest
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import Editor, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARTS = {"binding": "CARTS", "environment": None}
PROD = {"binding": "CARTS", "environment": "prod"}


async def rows(editor: Editor, comparison: str, **how: Any) -> list[tuple[str, str, list[str]]]:
    page = await run(editor, "kvlens.compareRows", comparison=comparison, **how)
    return [(row["name"], row["kind"], row["parts"]) for row in page["rows"]]


async def test_a_comparison_is_shown_copied_and_undone(editor: Editor) -> None:
    for target, key, text in ((CARTS, "a", "1"), (CARTS, "b", "1"), (PROD, "b", "2")):
        await run(editor, "kvlens.put", **target, key=key, text=text)
    made = await run(editor, "kvlens.compareOpen", **CARTS, right=PROD)
    name = made["comparison"]
    assert (made["left"]["title"], made["right"]["title"]) == ("top level", "prod")
    assert (made["left"]["place"], made["left"]["readOnly"]) == ("local", False)
    both = [("a", "left", []), ("b", "changed", ["value"])]
    assert await rows(editor, name) == both
    shown = await run(editor, "kvlens.compareShow", comparison=name, filter="ttl<1h")
    assert "by key only" in shown["problem"]
    sides = await run(editor, "kvlens.compareContents", comparison=name, key="a")
    assert sides == {"left": {"size": 1, "text": "1"}, "right": None}
    plan = await run(editor, "kvlens.comparePlan", comparison=name, to="right")
    assert plan == {"new": 1, "overwritten": 1, "deleted": 0, "onlyThere": 0, "unreadable": 0}
    assert await rows(editor, name, planned=True) == both
    done = await run(editor, "kvlens.compareCopy", comparison=name)
    assert (done["written"], done["changed"]) == (2, [])
    with pytest.raises(JsonRpcException, match="No copy was planned"):
        await run(editor, "kvlens.compareCopy", comparison=name)
    undone = await run(
        editor, "kvlens.compareUndo", comparison=name, to="right", action=done["action"]
    )
    assert (undone["written"], undone["deleted"]) == (1, 1)
    await run(editor, "kvlens.compareClose", comparison=name)
    with pytest.raises(JsonRpcException, match="it was closed"):
        await rows(editor, name)
    for target in (CARTS, PROD):
        await run(editor, "kvlens.clear", **target)


async def test_a_comparison_follows_changes(editor: Editor) -> None:
    made = await run(editor, "kvlens.compareOpen", **CARTS, right=PROD)
    name = made["comparison"]
    await run(editor, "kvlens.put", **PROD, key="new", text="1")

    def seen() -> list[Any]:
        notes = [params for method, params in editor.notes if method == "kvlens/comparison"]
        return [one for one in notes if "'right': 1" in str(one) or "right=1" in str(one)]

    await until(seen)
    assert await rows(editor, name) == [("new", "right", [])]
    await run(editor, "kvlens.compareClose", comparison=name)
    await run(editor, "kvlens.clear", **PROD)
