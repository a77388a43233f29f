"""Changes of many keys or of large values: they are recorded before they are made, and undone."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from kvlens.history.database import history_file
from kvlens.history.queries import Filter
from kvlens.kv.records import Entry, Write
from kvlens.operations.errors import OperationError
from kvlens.operations.history import list_history
from kvlens.operations.history_restore import plan_undo, restore
from kvlens.stores.base import Batch, ChangedError, Seen, Store
from kvlens.stores.origin import Origin
from kvlens.stores.registry import open_store

from tests.unit.test_history import recorded, recorded_store, scope_of

MANY = 2500  # more than are gathered in memory
NAMES = [f"user:{number:07}" for number in range(MANY)]
MB = 1024 * 1024


def writes(names: list[str], start: bytes = b"") -> Iterator[Write]:
    for name in names:
        yield Write(name, start + name.encode(), '{"m":1}', 2_000_000_000)


def seen(names: list[str]) -> Iterator[Seen]:
    return (Seen.of(write.key, write) for write in writes(names))


async def contents(store: Store) -> dict[str, Entry | None]:
    page = await store.list("A", limit=10**6)
    names = [info.name for info in page.keys]
    found = await store.get_many("A", names, 10**9)
    return {name: one for name, one in zip(names, found, strict=True) if isinstance(one, Entry)}


async def _seed(store: Store) -> None:
    await store.change_many([Batch("A", writes([*NAMES, "new"], b"other"))])


async def _sync(store: Store) -> None:  # what `copy --delete` and a restored snapshot do
    await store.change_many(
        [
            Batch(
                "A", writes(NAMES[:1500], b"other"), iter(NAMES[1400:2000]), expected=seen(NAMES)
            ),
            Batch("B", writes(NAMES)),
        ]
    )


async def _move(store: Store) -> None:
    await store.change_many([Batch("B", writes(NAMES)), Batch("A", unchanged=seen(NAMES))])


WAYS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "clear": lambda store: store.clear("A"),
    "delete": lambda store: store.delete("A", NAMES),
    "delete_unchanged": lambda store: store.delete_unchanged("A", list(seen(NAMES))),
    "seed": _seed,
    "sync": _sync,
    "move": _move,
}


@pytest.mark.parametrize("url", ["wrangler:", "memory:"])
@pytest.mark.parametrize("name", WAYS)
async def test_a_change_of_many_keys_is_undone(tmp_path: Path, name: str, url: str) -> None:
    store = recorded_store(tmp_path, url)
    await store.put("A", Write("other", b"stays"))
    await store.put_many("A", writes(NAMES))
    before = await contents(store)
    await WAYS[name](store.by(Origin("shell", name, name)))
    assert await contents(store) != before
    scope = scope_of(tmp_path, store)
    plan = await plan_undo(scope, name)
    assert (plan.changed, plan.unknown) == ([], 0)
    await restore(scope, plan)
    assert await contents(store) == before
    assert await store.count("B") == 0
    await store.close()


async def test_a_hundred_thousand_keys_are_undone(tmp_path: Path) -> None:
    names = [f"{number:06}" for number in range(100_000)]
    store = recorded_store(tmp_path, "memory:")
    await store.put_many("A", writes(names))
    await store.by(Origin("shell", "clear", "clear")).clear("A")
    scope = scope_of(tmp_path, store)
    await restore(scope, await plan_undo(scope, "clear"))
    assert len(await contents(store)) == len(names)
    await store.close()


async def test_large_values_are_undone(tmp_path: Path) -> None:
    store = recorded_store(tmp_path, limit=256 * MB)
    names = ["a", "b", "c"]
    for name in names:
        await store.put("A", Write(name, name.encode() * (25 * MB)))
    await store.by(Origin("editor", "delete", "delete")).delete("A", names)
    scope = scope_of(tmp_path, store)
    await restore(scope, await plan_undo(scope, "delete"))
    for name in names:
        entry = await store.get("A", name)
        assert entry is not None
        assert entry.value == name.encode() * (25 * MB)
    await store.close()
    assert history_file(tmp_path).stat().st_size <= 260 * MB


@pytest.mark.parametrize("name", WAYS)
async def test_what_does_not_fit_is_counted_and_removes_nothing(tmp_path: Path, name: str) -> None:
    filled = open_store("wrangler:", tmp_path)
    await filled.put_many("A", writes(NAMES))
    await filled.close()
    store = recorded_store(tmp_path, limit=250_000)
    await store.by(Origin("editor", "put")).put("A", Write("k", b"v"))
    await WAYS[name](store.by(Origin("shell", name, name)))
    scope = scope_of(tmp_path, store)
    with pytest.raises(OperationError, match="keys that are not in the history"):
        await plan_undo(scope, name)
    found = await list_history(scope, Filter())
    assert [one.action.title for one in found] == [name, "put"]
    assert (found[0].action.left_out >= MANY - 500, found[1].action.left_out) == (True, 0)
    await store.close()


async def test_an_action_of_many_calls_is_not_undone_in_part(tmp_path: Path) -> None:
    store = recorded_store(tmp_path, "memory:", 2 * MB)
    one = store.by(Origin("shell", "copy", "copy"))
    for number in range(4):
        await one.put_many("A", (Write(f"{number}-{key}", bytes(500)) for key in range(1500)))
    scope = scope_of(tmp_path, store)
    with pytest.raises(OperationError, match="keys that are not in the history"):
        await plan_undo(scope, "copy")
    await store.close()


async def test_a_large_change_that_fails_is_not_recorded(tmp_path: Path) -> None:
    store = recorded_store(tmp_path)
    await store.put_many("A", writes(NAMES))
    before = len(recorded(tmp_path))
    with pytest.raises(ChangedError):
        await store.change_many([Batch("A", deletes=NAMES, expected=[Seen.of(NAMES[7], None)])])
    await store.close()
    assert len(recorded(tmp_path)) == before == MANY


async def test_keys_that_stay_are_not_recorded(tmp_path: Path) -> None:
    store = recorded_store(tmp_path)
    await store.put_many("A", writes(NAMES))
    await store.put("A", Write(NAMES[3], b"changed"))
    await store.change_many([Batch("A", unchanged=seen(NAMES[:1200]))])
    await store.delete_unchanged("A", [*seen(NAMES[1200:]), Seen.of(NAMES[3], None)])
    await store.close()
    gone = [key for _, _, key, _, after in recorded(tmp_path) if after is None]
    assert gone == [name for name in NAMES if name != NAMES[3]]


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from kvlens.history.ahead import Ahead
from kvlens.stores.wrangler.store import WranglerStore
from kvlens.stores.origin import Origin
from tests.unit.test_history import recorded_store

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

name = sys.argv[2]
if name == "while it is recorded":
    add, count = Ahead.add, []
    def Ahead_add(self, changes):
        add(self, changes)
        count.append(1)
        len(count) < 3 or kill()
    Ahead.add = Ahead_add
elif name == "before it is made":
    async def clear(*_):
        kill()
    WranglerStore.clear = clear
else:
    Ahead.made = kill

async def main():
    store = recorded_store(Path(sys.argv[1]))
    await store.by(Origin("shell", "clear", "clear")).clear("A")

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("name", "recorded_keys"),
    [("while it is recorded", 0), ("before it is made", MANY), ("after it was made", MANY)],
)
async def test_a_kill_loses_nothing(tmp_path: Path, name: str, recorded_keys: int) -> None:
    store = open_store("wrangler:", tmp_path)
    await store.put_many("A", writes(NAMES))
    before = await contents(store)
    await store.close()
    command = [sys.executable, "-c", KILLED, str(tmp_path), name]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert len(recorded(tmp_path)) == recorded_keys
    store = recorded_store(tmp_path)
    assert (await contents(store) == {}) is (name == "after it was made")
    if recorded_keys:
        scope = scope_of(tmp_path, store)
        await restore(scope, await plan_undo(scope, "clear"))
    assert await contents(store) == before
    await store.close()
