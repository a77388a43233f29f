"""Operations, each run on a store in memory and on one on disk."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from kvlens.cli.commands.seed import COMMAND as SEED
from kvlens.cli.common import find_scope, run
from kvlens.cli.frame import read
from kvlens.config.document.model import Notice
from kvlens.history.queries import Filter, Recorded, Side
from kvlens.kv.errors import KVError
from kvlens.kv.records import Entry, Write
from kvlens.operations.apply import Applied, Edit, apply, contents
from kvlens.operations.clear import before_clear, clear, count
from kvlens.operations.clock import jump, next_expiring, reset
from kvlens.operations.compare import Comparison
from kvlens.operations.compare_copy import Copied, Plan, plan
from kvlens.operations.compare_copy import copy as copy_across
from kvlens.operations.compared import Results
from kvlens.operations.convert_config import Converted, convert_config
from kvlens.operations.copy import copy
from kvlens.operations.delete import before_delete, delete
from kvlens.operations.errors import (
    ConflictError,
    ExistsError,
    FilesError,
    InvalidError,
    NotFoundError,
    OperationError,
)
from kvlens.operations.existing import checked_existing
from kvlens.operations.export import export, export_items
from kvlens.operations.folder import count_folders, read_folder
from kvlens.operations.get import get, get_many
from kvlens.operations.history import list_history
from kvlens.operations.history_json import change_json
from kvlens.operations.history_restore import Restore, restore
from kvlens.operations.list_keys import extras, list_keys, pages
from kvlens.operations.move import move
from kvlens.operations.namespaces import find_unclaimed, list_namespaces
from kvlens.operations.other_state import find_elsewhere
from kvlens.operations.place import check_place, find_place
from kvlens.operations.put import put, replace
from kvlens.operations.rename import rename
from kvlens.operations.seed import (
    Defaults,
    choose,
    find_conflicts,
    find_files,
    preview,
    read_job,
    read_jobs,
    seed,
    write,
)
from kvlens.operations.sides import of_target
from kvlens.operations.snapshot_diff import diff_snapshot
from kvlens.operations.snapshot_list import list_snapshots
from kvlens.operations.snapshot_restore import changes_digest, restore_snapshot
from kvlens.operations.snapshot_save import save_snapshot
from kvlens.operations.target import Scope, Target, find_namespaces, find_target, project_config
from kvlens.operations.update import Expiry, Metadata, update
from kvlens.operations.view import View
from kvlens.search.language import read as read_filter
from kvlens.seeds.array import FileError
from kvlens.seeds.progress import CancelledError
from kvlens.stores.base import NOTHING, Batch, ChangedError, Seen, digest
from kvlens.stores.batch import everything
from kvlens.stores.origin import UNKNOWN
from kvlens.workspace.project import Project

CONFIG = """\
kv_namespaces = [
  { binding = "ONE", id = "1d" },
  { binding = "TWO", id = "2d", preview_id = "92d" },
]
[[env.prod.kv_namespaces]]
binding = "ONE"
id = "3d"
[[env.prod.kv_namespaces]]
binding = "PROD"
[env.empty]
"""


@pytest.fixture(params=["memory:", "wrangler:"])
async def scope(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scope]:
    """A project with all environments selected."""
    project = Project(tmp_path / "wrangler.toml", store=request.param, text=CONFIG)
    store = project.open_store()

    async def open_store() -> Any:
        return store

    yield Scope(project, "wrangler.toml", open_store)
    await store.close()


@pytest.fixture
def one(scope: Scope) -> Target:
    return find_target(scope, binding="ONE")


def names(project: Scope, environments: tuple[str | None, ...] = ()) -> Scope:
    return project._replace(environments=environments)


# -- each operation ---------------------------------------------------------------------------

Run = Callable[[Target, Path], Awaitable[Any]]


async def _put(one: Target, folder: Path) -> Any:
    return await put(one, "k", b"v", metadata={"a": 1})


async def _elsewhere(one: Target, folder: Path) -> Any:
    project = Project(folder / "wrangler.toml", store="wrangler:", text=CONFIG)
    other = one.scope._replace(
        project=Project(project.path, store="wrangler:.cloudflare/state", text=CONFIG)
    )
    store = other.project.open_store()
    await store.put("92d", Write("k", b"v"))
    await store.close()
    found = await find_elsewhere(one.scope._replace(project=project))
    return [each[:4] for each in found], await find_elsewhere(other)


async def _put_over(one: Target, folder: Path) -> Any:
    await put(one, "k", b"v")
    return await put(one, "k", b"w", expected=digest(b"v"))


async def _apply(one: Target, folder: Path) -> Any:
    await put(one, "k", b"v", metadata=[1])
    (read,) = [content async for content in contents(one, ["k"])]
    first = await apply(one, [Edit("k", read.version, to="l"), Edit("m", NOTHING, value=b"n")])
    again = await apply(one, [Edit("k", read.version, delete=True)])
    return first, again, await get(one, "l"), await get(one, "m")


async def _replace(one: Target, folder: Path) -> Any:
    await put(one, "k", b"v", metadata=[1], expiration=2_000_000_000)
    await replace(one, "k", b"w", expected=digest(b"v"))
    return await get(one, "k")


async def _rename(one: Target, folder: Path) -> Any:
    await put(one, "a", b"1", metadata=[1], expiration=2_000_000_000)
    await put(one, "there", b"2")
    refused = await rename(one, "a", "there")
    copied = await rename(one, "a", "b", keep=True)
    over = await rename(one, "a", "there", expected=digest(b"2"))
    with pytest.raises(ConflictError, match="is not what was read"):
        await rename(one, "b", "c", expected=digest(b"2"))
    with pytest.raises(NotFoundError, match='"a" is no longer in ONE'):
        await rename(one, "a", "d")
    return refused, copied, over, await get(one, "a"), await get(one, "there")


async def _update(one: Target, folder: Path) -> Any:
    await put(one, "a", b"1", metadata=[1])
    await put(one, "b", b"2", expiration=2_000_000_000)
    done = await update(one, ["a", "b"], expiry=Expiry(at=2_100_000_000))
    await update(one, ["a"], metadata=Metadata('{"n":1e400}', "[1]"))
    await update(one, ["b"], expiry=Expiry())
    for text, error in (("{", "isn't JSON"), (f'"{"x" * 1023}"', "limit of 1024")):
        with pytest.raises((InvalidError, KVError), match=error):
            await update(one, ["a"], metadata=Metadata(text, '{"n":1e400}'))
    return done, await get(one, "a"), await get(one, "b")


async def _get_many(one: Target, folder: Path) -> Any:
    await put(one, "k", b"\xff")
    found = await get_many(one, ["k", "none"])
    return found.found, found.missing


async def _list(one: Target, folder: Path) -> Any:
    for name in ("b", "a1", "a2", "a3"):
        await put(one, name, b"", metadata=name)
    first = await list_keys(one, prefix="a", limit=2)
    rest = await list_keys(one, prefix="a", after=first.keys[-1].name)
    every = [info.name async for page in pages(one) for info in page.keys]
    shown = [info.name for info in first.keys], extras(rest.keys[0])
    return shown, first.complete, rest.complete, every


async def _folder(one: Target, folder: Path) -> Any:
    for name in ("a", "b:1", "b:2", "c/1"):
        await put(one, name, b"1")
    page = await read_folder(one, delimiters=[":", "/"], limit=2)
    rest = await read_folder(one, delimiters=[":", "/"], after=page.cursor)
    shown = [item if isinstance(item, str) else (item.name, item.kind) for item in page.items]
    return shown, rest.items, rest.cursor, list(await count_folders(one, ["b:", "c/", "d"], 1))


async def _view(one: Target, folder: Path) -> Any:
    for key in ("a1", "a2", "b"):
        await put(one, key, b"")
    view = View(one, read_filter("a*"), "key", True, lambda state: None)
    await view.start()
    await view.complete()
    shown = [row.name for row in await view.rows(0, 10)], view.state.matched
    view.close()
    return shown


async def _delete(one: Target, folder: Path) -> Any:
    await put(one, "a", b"")
    return await delete(one, ["a", "b"]), await delete(one, []), await get(one, "a")


async def _clear(one: Target, folder: Path) -> Any:
    await put(one, "a", b"")
    await put(one, "b", b"")
    return await count(one), await clear(one), await count(one)


async def _clear_counted(one: Target, folder: Path) -> Any:
    for number in range(1005):
        await put(one, f"k{number}", b"")
    names = await before_clear(one)
    return len(names.keys), await clear(one, expected=names.digest), await count(one)


async def _delete_seen(one: Target, folder: Path) -> Any:
    await put(one, "a", b"")
    digest = (await before_delete(one, ["a", "b"])).digest
    return await delete(one, ["a", "b"], expected=digest), await get(one, "a")


async def _clear_none(one: Target, folder: Path) -> Any:
    return await clear(one, expected=(await before_clear(one)).digest)


async def _seed(one: Target, folder: Path) -> Any:
    await put(one, "a", b"old")
    file = write_seeds(folder, "seeds/ONE.json", a="1", b="2")
    ((path, target),) = find_files(one.scope, [])
    assert (path, target) == (file, one)
    (job,) = read_jobs([(path, target, "ONE.json")], NOW)
    kinds = [(change.key, change.kind) for change in await preview(job)]
    return kinds, tuple(await seed(job)), tuple(await seed(job)), await get(one, "b")


async def _seed_with_defaults(one: Target, folder: Path) -> Any:
    text = '[{"key": "a", "value": "", "metadata": 1}, {"key": "b", "value": ""}]'
    job = read_job(one, text, NOW, name="text", defaults=Defaults({"m": 1}, 2_000_000_000))
    return await write(job), [extras(write) for write in job.writes]


async def _seed_in_part(one: Target, folder: Path) -> Any:
    file = write_seeds(folder, "some.json", a="1", b="2")
    return await write(read_job(one, file, NOW, only={"b"})), await get(one, "a")


async def _seed_over(one: Target, folder: Path) -> Any:
    """The written keys and the conflicts, with "a" changed, "b" unchanged and "c" new."""
    await put(one, "a", b"old")
    await put(one, "b", b"2")
    job = read_job(one, write_seeds(folder, "some.json", a="1", b="2", c="3"), NOW)
    seen = (await find_conflicts(job)).digest
    chosen = [
        await choose(job, checked_existing(existing), expected)
        for existing, expected in (
            ("overwrite", None),
            ("overwrite", seen),
            ("overwrite", "other"),
            ("refuse", seen),
            ("keep", None),
        )
    ]
    return [
        ("".join(write.key for write in some.writes), asked and asked.keys)
        for some, asked in chosen
    ]


async def _place(one: Target, folder: Path) -> Any:
    for claimed, declared in ([one.id], True), ([], False):
        place = find_place(one, claimed)
        assert place.declared is declared
        check_place(one, "k", claimed, **place._asdict())
    check_place(one, "k", [])
    return one.scope.project.store == find_place(one, []).store


async def _export(one: Target, folder: Path) -> Any:
    await put(one, "a", b"\xff", metadata=[1])
    await put(one, "b", b"2")
    done = await export(one, folder / "out.json")
    text = io.StringIO()
    assert await export(one, text, prefix="b") == (1, [])
    items = await export_items(one)
    assert json.loads((folder / "out.json").read_text("utf-8")) == items
    return done, items, json.loads(text.getvalue())


async def _copy(one: Target, folder: Path) -> Any:
    old = Target(one.scope, "OLD")
    await put(old, "k", b"1")
    await put(one, "k", b"2")
    refused = await copy(one, "OLD")
    kept = await copy(one, "OLD", "keep")
    late = await copy(one, "OLD", "overwrite", "another digest")
    done = await copy(one, "OLD", "overwrite", refused.digest)
    assert late.digest == refused.digest
    return refused[:2], kept[:2], done[:2], await get(one, "k"), await get(old, "k")


async def _compare(one: Target, folder: Path) -> Any:
    """Compare two namespaces, and copy what differs."""
    store = await one.store()
    await store.put_many(one.id, [Write("a", b"1", "[1]", 4_000_000_000), Write("same", b"")])
    await store.put_many("2d", [Write("a", b"1"), Write("b", b"2"), Write("same", b"")])
    comparison = Comparison(of_target(one), of_target(one._replace(id="2d")), lambda _: None)
    await comparison.start()
    await comparison.complete()
    assert isinstance(comparison.results, Results)
    rows = [(pair.name, *pair.difference) for pair in await comparison.rows(0, 10)]
    made: Plan = plan(comparison, "right", comparison.shown_numbers(), deletes=True)
    done = await copy_across(comparison, made, origin=UNKNOWN)
    await comparison.close()
    return rows, done, [info.name for info in (await store.list("2d")).keys]


async def _move(one: Target, folder: Path) -> Any:
    old = Target(one.scope, "OLD")
    await put(old, "k", b"1")
    await put(old, "same", b"")
    await put(one, "k", b"2")
    refused = await move(one, "OLD")
    kept = await move(one, "OLD", "keep")
    done = await move(one, "OLD", "overwrite")
    return refused[:2], kept[:2], done[:2], await get(one, "k"), await count(old)


async def _namespaces(one: Target, folder: Path) -> Any:
    await put(one, "k", b"12")
    await put(Target(one.scope, "OLD"), "k", b"1")
    listing = await list_namespaces(one.scope)
    rows = [
        (row.namespace.binding, row.namespace.id, row.stats and row.stats.keys)
        for row in listing.rows
    ]
    found = await find_unclaimed(one.scope, "OLD", {"1d"})
    claimed = await find_unclaimed(one.scope, "OLD", {"OLD"})
    none = await find_unclaimed(one.scope, "none", set())
    return rows, [tuple(other) for other in listing.unclaimed], (found, claimed, none)


async def _snapshot(one: Target, folder: Path) -> Any:
    scope = names(one.scope, (None,))
    await put(one, "kept", b"1")
    saved = await save_snapshot(scope, "s")
    assert list_snapshots(scope) == ([saved.snapshot], [])
    await put(one, "kept", b"2")
    await put(one, "new", b"2")
    found = await diff_snapshot(scope, "s", only=["ONE"])
    assert (found.different, found.to_delete, found.lost) == (True, ["new"], 2)
    seen = await changes_digest(found)
    await put(one, "later", b"")  # a restore of what was seen would leave it
    assert seen != await changes_digest(found)
    await delete(one, ["later"])
    assert seen == await changes_digest(found)
    await put(one, "kept", b"3")
    assert seen != await changes_digest(found)
    with pytest.raises(ChangedError, match="'kept' has changed since it was read"):
        await restore_snapshot(found)
    await restore_snapshot(await diff_snapshot(scope, "s", only=["ONE"]))
    again = await diff_snapshot(names(one.scope), "s")
    return saved.damaged, again.different, list(map(str, again.added)), await get(one, "kept")


def write_seeds(folder: Path, name: str, **values: str) -> Path:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    items = [{"key": key, "value": value} for key, value in values.items()]
    file.write_text(json.dumps(items), encoding="utf-8")
    return file


ROWS = [("ONE", "1d", 1), ("TWO", "92d", 0), ("ONE", "3d", 0), ("PROD", "PROD", 0)]
CHANGE = {
    "id": 7,
    "time": 2.0,
    "namespace": "elsewhere",
    "key": "k",
    "before": None,
    "after": {"size": 5, "unknown": True, "metadata": "1"},
}
ITEM = {"key": "a", "value": "/w==", "base64": True, "metadata": [1]}


async def _history(one: Target, folder: Path) -> Any:
    return await list_history(one.scope, Filter())  # test_history.py has the others


async def _history_json(one: Target, folder: Path) -> Any:
    change = Recorded(7, 1, 2.0, "elsewhere", "k", None, Side(None, 5, "1", None))
    return change_json(one.scope, change)


async def _history_restore(one: Target, folder: Path) -> Any:
    store = await one.store()
    batch = Batch(one.id, [Write("k", b"v")], expected=[Seen.of("k", None)])
    await restore(one.scope, Restore([batch], [(one.id, "k")], [], [], [], 0, 0, ""))
    return await store.get(one.id, "k")


async def _clock(one: Target, folder: Path) -> Any:
    store = await one.store()
    soon = int(await store.time()) + 3600
    await store.put_many(one.id, [Write("a", b""), Write("k", b"", None, soon)])
    found = await next_expiring(one.scope)
    moved = await jump(one, "k")
    hidden = [info.name for info in (await store.list(one.id)).keys]
    again = await reset(one.scope)
    return found and found.key.name, moved["time"] - soon, hidden, again["seconds"]


async def _convert_config(one: Target, folder: Path) -> Any:
    return convert_config("# a\nname = 'x'\n", "wrangler.toml", "ts")


OPERATIONS: dict[str, tuple[Run, Any]] = {
    # id: (operation, result)
    "put": (_put, Write("k", b"v", '{"a":1}')),
    "other state": (_elsewhere, ([("TWO", None, "92d", 1)], [])),
    "put over what was read": (_put_over, Write("k", b"w")),
    "convert config": (
        _convert_config,
        Converted(
            'import { defineConfig } from "cf/config";\n\nexport default defineConfig({\n'
            '  worker: {\n    // a\n    name: "x",\n  },\n});\n',
            [Notice(1, "compatibilityDate: cloudflare.config.ts needs it; add it")],
        ),
    ),
    "apply": (
        _apply,
        (Applied(2), Applied(0, ["k"]), Entry(b"v", "[1]"), Entry(b"n")),
    ),
    "replace": (_replace, Entry(b"w", "[1]", 2_000_000_000)),
    "rename": (
        _rename,
        (
            Seen("there", digest(b"2")),
            None,
            None,
            None,
            Entry(b"1", "[1]", 2_000_000_000),
        ),
    ),
    "update": (_update, (2, Entry(b"1", '{"n":1e400}', 2_100_000_000), Entry(b"2"))),
    "get many": (
        _get_many,
        ({"k": {"key": "k", "value": "/w==", "base64": True}, "none": None}, ["none"]),
    ),
    "list": (_list, ((["a1", "a2"], {"metadata": "a3"}), False, True, ["a1", "a2", "a3", "b"])),
    "folder": (_folder, ([("a", "number"), "b:"], ["c/"], None, [1, 1, 0])),
    "view": (_view, (["a2", "a1"], 2)),
    "delete": (_delete, (1, 0, None)),
    "clock": (_clock, ("k", 1, ["a"], 0)),
    "history": (_history, []),
    "history as JSON": (_history_json, CHANGE),
    "history restore": (_history_restore, Entry(b"v")),
    "clear": (_clear, (2, (2, []), 0)),
    "clear what was counted": (_clear_counted, (1005, (1005, []), 0)),
    "delete what was seen": (_delete_seen, (1, None)),
    "clear what was counted as nothing": (_clear_none, (0, [])),
    "seed": (_seed, ([("a", "changed"), ("b", "new")], (2, 1), (2, 0), Entry(b"2"))),
    "seed with defaults": (
        _seed_with_defaults,
        (2, [{"expiration": 2_000_000_000, "metadata": m} for m in (1, {"m": 1})]),
    ),
    "seed in part": (_seed_in_part, (1, None)),
    "seed over other content": (
        _seed_over,
        [("abc", None), ("abc", None), ("abc", ["a"]), ("abc", ["a"]), ("bc", None)],
    ),
    "the place of a key": (_place, True),
    "export": (
        _export,
        ((2, []), [ITEM, {"key": "b", "value": "2"}], [{"key": "b", "value": "2"}]),
    ),
    "copy": (_copy, ((0, ["k"]), (0, ["k"]), (1, ["k"]), Entry(b"1"), Entry(b"1"))),
    "compare": (
        _compare,
        (
            [("a", "changed", ("metadata", "expiration")), ("b", "right", ())],
            Copied(1, 1),
            ["a", "same"],
        ),
    ),
    "move": (_move, ((0, ["k"]), (1, ["k"]), (1, ["k"]), Entry(b"1"), 0)),
    "snapshots": (
        _snapshot,
        ([], False, ['ONE of environment "prod"', 'PROD of environment "prod"'], Entry(b"1")),
    ),
}


@pytest.mark.parametrize(("run", "gives"), OPERATIONS.values(), ids=OPERATIONS)
async def test_an_operation_gives_what_it_says(
    one: Target, tmp_path: Path, run: Run, gives: Any
) -> None:
    assert await run(one, tmp_path) == gives


async def test_namespaces_are_listed_with_those_of_no_config(one: Target, tmp_path: Path) -> None:
    rows, others, found = await _namespaces(one, tmp_path)
    assert (rows, others) == (ROWS, [("OLD", 1, 1)])
    assert found == (Target(one.scope, "OLD"), None, None)


def test_every_operation_is_run(request: pytest.FixtureRequest) -> None:
    """A new operation needs a row in the table."""
    folder = Path(__file__).parents[2] / "server/kvlens/operations"
    files = {path.stem for path in folder.glob("*.py")}
    run = {name.__module__.rpartition(".")[2] for name in globals().values() if callable(name)}
    missing = files - {"__init__", "gone", "keys"} - run
    assert not missing, f"add rows to OPERATIONS for {missing}"


# -- progress and cancel ----------------------------------------------------------------------


async def _long_seed(one: Target, folder: Path, **how: Any) -> None:
    await seed(read_job(one, write_seeds(folder, "s.json", **MANY), NOW), **how)


async def _long_export(one: Target, folder: Path, **how: Any) -> None:
    await export(one, folder / "out.json", **how)


async def _long_move(one: Target, folder: Path, **how: Any) -> None:
    await move(Target(one.scope, "new"), one.id, **how)


async def _long_save(one: Target, folder: Path, **how: Any) -> None:
    await save_snapshot(one.scope, "long", **how)


async def _long_restore(one: Target, folder: Path, **how: Any) -> None:
    await save_snapshot(one.scope, "before")
    await clear(one)
    await restore_snapshot(await diff_snapshot(one.scope, "before"), **how)


NOW = 1_800_000_000.0
MANY = {f"k{n:04}": "v" for n in range(600)}
LONG: dict[str, Callable[..., Awaitable[None]]] = {
    "seed": _long_seed,
    "export": _long_export,
    "move": _long_move,
    "save a snapshot": _long_save,
    "restore a snapshot": _long_restore,
}


@pytest.mark.parametrize("run", LONG.values(), ids=LONG)
async def test_long_work_reports_in_one_way(
    one: Target, tmp_path: Path, run: Callable[..., Awaitable[None]]
) -> None:
    await _long_seed(one, tmp_path)
    steps: list[tuple[int, int | None]] = []
    await run(one, tmp_path, progress=lambda *step: steps.append(step), cancelled=lambda: False)
    assert steps[-1] in [(600, 600), (600, None)]


@pytest.mark.parametrize("run", LONG.values(), ids=LONG)
async def test_long_work_is_cancelled_in_one_way(
    one: Target, tmp_path: Path, run: Callable[..., Awaitable[None]]
) -> None:
    await _long_seed(one, tmp_path)
    with pytest.raises(CancelledError, match=r"canceled after [\d,]+ keys; nothing was"):
        await run(one, tmp_path, cancelled=lambda: True)
    assert await count(Target(one.scope, "new")) == 0
    assert await count(one) == (0 if run is _long_restore else 600)
    assert not (tmp_path / "out.json").exists()


# -- which namespace ---------------------------------------------------------------------------

FOUND: dict[str, tuple[tuple[str | None, ...], dict[str, Any], tuple[str | None, str]]] = {
    # id: (environments, arguments, binding and id)
    "binding": ((None,), {"binding": "ONE"}, ("ONE", "1d")),
    "binding of an environment": (("prod",), {"binding": "ONE"}, ("ONE", "3d")),
    "the top level first": ((), {"binding": "ONE"}, ("ONE", "1d")),
    "in any environment": ((), {"binding": "PROD"}, ("PROD", "PROD")),
    "preview_id first": ((None,), {"binding": "TWO"}, ("TWO", "92d")),
    "preview": ((None,), {"binding": "TWO", "preview": True}, ("TWO", "92d")),
    "no preview": ((None,), {"binding": "TWO", "preview": False}, ("TWO", "2d")),
    "no id at all": (("prod",), {"binding": "PROD", "preview": False}, ("PROD", "PROD")),
    "id": ((), {"namespace_id": "3d"}, ("ONE", "3d")),
    "id and binding": ((), {"namespace_id": "3d", "binding": "ONE"}, ("ONE", "3d")),
}


@pytest.mark.parametrize(("environments", "asked", "found"), FOUND.values(), ids=FOUND)
def test_a_namespace_is_found(
    scope: Scope,
    environments: tuple[str | None, ...],
    asked: dict[str, Any],
    found: tuple[str | None, str],
) -> None:
    target = find_target(names(scope, environments), **asked)
    assert (target.binding, target.id) == found


def _fails(environments: tuple[str | None, ...] = (None,), **asked: Any) -> Run:
    async def run(one: Target, folder: Path) -> None:
        find_target(names(one.scope, environments), **asked)

    return run


async def _no_namespaces(one: Target, folder: Path) -> None:
    find_namespaces(names(one.scope, ("empty",)))


async def _no_config(one: Target, folder: Path) -> None:
    project_config(Path("/"))


async def _no_seeds(one: Target, folder: Path) -> None:
    find_files(one.scope, [])


async def _seeds_of_no_file(one: Target, folder: Path) -> None:
    find_files(names(one.scope, (None,)), [Path("X.json")])


async def _no_snapshot(one: Target, folder: Path) -> None:
    await diff_snapshot(one.scope, "none")


async def _no_snapshot_of(one: Target, folder: Path) -> None:
    await save_snapshot(one.scope, "s", only=["X"])


async def _gone(one: Target, folder: Path) -> None:
    await replace(one, "k", b"")


async def _changed(one: Target, folder: Path) -> None:
    await put(one, "k", b"v")
    await replace(one, "k", b"", expected=digest(b"w"))


async def _put_changed(one: Target, folder: Path) -> None:
    await put(one, "k", b"v")
    await put(one, "k", b"w", expected="")


def _rewritten(key: str, value: bytes, **how: Any) -> Run:
    """Delete and clear keys that were written again after the question."""

    async def run(one: Target, folder: Path) -> None:
        await put(one, "a", b"v")
        await put(one, "b", b"v")
        to_clear = await before_clear(one)
        to_delete = (await before_delete(one, ["a", "c"])).digest
        await put(one, key, value, **how)
        with pytest.raises(ConflictError, match="Nothing was deleted"):
            await clear(one, expected=to_clear.digest)
        try:
            await delete(one, ["a", "c"], expected=to_delete)
        finally:
            assert (await get(one, key) or Entry(b"")).value == value

    return run


async def _clear_others(one: Target, folder: Path) -> None:
    await put(one, "k", b"")
    names = await before_clear(one)
    await delete(one, ["k"])
    await put(one, "later", b"precious")
    try:
        await clear(one, expected=names.digest)
    finally:
        assert await get(one, "later") == Entry(b"precious")


async def _other_store(one: Target, folder: Path) -> None:
    scope = one.scope._replace(project=Project(one.scope.project.path, store="memory:", text=""))
    check_place(one._replace(scope=scope), "k", [one.id], store="redis://a", declared=True)


async def _other_id(one: Target, folder: Path) -> None:
    check_place(one, "k", [one.id], declared=True, name=(None, "ONE"))
    check_place(one, "k", [one.id], declared=True, name=(None, "RENAMED"))
    check_place(one, "k", [one.id], name=(None, "TWO"))


async def _changed_id(one: Target, folder: Path) -> None:
    find_target(one.scope, binding="TWO", namespace_id="1d")


async def _undeclared(one: Target, folder: Path) -> None:
    check_place(one, "k", ["other"], declared=True)


async def _snapshot_exists(one: Target, folder: Path) -> None:
    await save_snapshot(one.scope, "s")
    await save_snapshot(one.scope, "s")


async def _limit(one: Target, folder: Path) -> None:
    await list_keys(one, limit=1001)


async def _existing(one: Target, folder: Path) -> None:
    await move(one, "OLD", "merge")


def _put_with(key: str = "k", **how: Any) -> Run:
    async def run(one: Target, folder: Path) -> None:
        await put(one, key, b"", **how)

    return run


NO_X = 'no KV namespace with binding "X" in '
FAILURES: dict[str, tuple[Run, type[OperationError], str]] = {
    # id: (operation, the error, its text in the shell)
    "binding": (
        _fails(binding="X"),
        NotFoundError,
        f"{NO_X}wrangler.toml; there are ONE and TWO, or use --namespace-id",
    ),
    "binding of an environment": (
        _fails(("prod",), binding="X"),
        NotFoundError,
        f'{NO_X}environment "prod" of wrangler.toml; there are ONE and PROD, or use --namespace-id',
    ),
    "binding of none": (
        _fails(("empty",), binding="X"),
        NotFoundError,
        f'{NO_X}environment "empty" of wrangler.toml; add it to kv_namespaces there, '
        "or use --namespace-id",
    ),
    "binding of another environment": (
        _fails(binding="PROD"),
        NotFoundError,
        'no KV namespace with binding "PROD" in wrangler.toml; it is in --environment prod',
    ),
    "binding of the top level": (
        _fails(("prod",), binding="TWO"),
        NotFoundError,
        'no KV namespace with binding "TWO" in environment "prod" of wrangler.toml: environments '
        "do not inherit it from the top level; add it there",
    ),
    "id": (
        _fails((), namespace_id="X"),
        NotFoundError,
        'no KV namespace with id "X" in wrangler.toml; there are ONE, TWO and PROD',
    ),
    "environment": (
        _fails(("dev",), binding="ONE"),
        NotFoundError,
        'no environment "dev" in wrangler.toml; there are prod and empty',
    ),
    "preview_id": (
        _fails(binding="ONE", preview=True),
        NotFoundError,
        'No preview namespace ID is configured for binding "ONE". Add a "preview_id" to it in '
        "wrangler.toml, or leave --preview out.",
    ),
    "no namespaces": (
        _no_namespaces,
        NotFoundError,
        "no KV namespaces in wrangler.toml; add one to kv_namespaces there",
    ),
    "no config": (
        _no_config,
        NotFoundError,
        f"no wrangler.json, wrangler.jsonc or wrangler.toml in {Path('/')} or above; "
        "name the config with --config",
    ),
    "no seed files": (
        _no_seeds,
        NotFoundError,
        f"no seed files: pass a FILE, or save them as {Path('seeds', 'BINDING.json')}",
    ),
    "a seed file that isn't there": (_seeds_of_no_file, NotFoundError, "X.json: no such file"),
    "snapshot": (_no_snapshot, NotFoundError, 'no snapshot "none"; none has been saved yet'),
    "snapshot of no binding": (
        _no_snapshot_of,
        NotFoundError,
        f"{NO_X}wrangler.toml; there are ONE, TWO and PROD",
    ),
    "a key that is gone": (
        _gone,
        NotFoundError,
        'key "k" is no longer in ONE: it was deleted or has expired. '
        "Put it again to keep this value",
    ),
    "a key that was changed": (
        _changed,
        ConflictError,
        'key "k" in ONE is not what was read: something else has written it since. Nothing was '
        "changed; read it again first",
    ),
    "a key that is new": (
        _put_changed,
        ConflictError,
        'key "k" in ONE is not what was read: something else has written it since. Nothing was '
        "changed; read it again first",
    ),
    "keys that were not counted": (
        _clear_others,
        ConflictError,
        "namespace ONE has changed since its keys were counted: it now has 1 key. Nothing was "
        "deleted; count them again first",
    ),
    **{
        f"delete {name}": (
            changed,
            ConflictError,
            "the keys to delete from ONE are not what was read: something else has written to "
            "them since. Nothing was deleted; read them again first",
        )
        for name, changed in {
            "another value of the same size": _rewritten("a", b"w"),
            "other metadata": _rewritten("a", b"v", metadata=1),
            "another expiration": _rewritten("a", b"v", expiration=2_000_000_000),
            "a key that was not there": _rewritten("c", b""),
        }.items()
    },
    "another id": (
        _other_id,
        OperationError,
        'key "k" was read from TWO while its id was "1d"; now the id is "92d". Nothing was '
        "changed; read the key again first",
    ),
    "an id that has changed": (
        _changed_id,
        NotFoundError,
        'the id of TWO in wrangler.toml has changed: it is "92d", not "1d"; list its keys '
        "again first",
    ),
    "another store": (
        _other_store,
        OperationError,
        'key "k" was read from the store "redis://a". wrangler.toml now uses "memory:". Nothing '
        "was changed; read the key again first",
    ),
    "a namespace that is no longer declared": (
        _undeclared,
        OperationError,
        'key "k" was not put: wrangler.toml no longer declares a KV namespace with id "1d". Put it '
        "into another namespace",
    ),
    "a snapshot of that name": (
        _snapshot_exists,
        ExistsError,
        'snapshot "s" already exists; take another name, or overwrite it with --force',
    ),
    "limit": (_limit, InvalidError, "--limit is 1001; it takes 1 to 1000"),
    "existing": (
        _existing,
        InvalidError,
        "--existing is 'merge'; it takes refuse, keep or overwrite",
    ),
    "not UTF-8": (
        _put_with("\udcff"),
        InvalidError,
        "the key isn't UTF-8 text; a key has to be",
    ),
    "two times": (
        _put_with(expiration=2_000_000_000, expiration_ttl=60),
        InvalidError,
        "--expiration-ttl and --expiration both say when the key expires; use one of them",
    ),
    "milliseconds": (
        _put_with(expiration=4_000_000_000_000),
        InvalidError,
        "--expiration 4000000000000 is in seconds, and this looks like milliseconds: 4000000000",
    ),
    "no time": (
        _put_with(expiration_ttl=2**53),
        InvalidError,
        "--expiration-ttl is out of range: it takes seconds",
    ),
}


def spell(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@pytest.mark.parametrize(("run", "kind", "text"), FAILURES.values(), ids=FAILURES)
async def test_an_error_says_what_there_is_and_how_to_say_which(
    one: Target, tmp_path: Path, run: Run, kind: type[OperationError], text: str
) -> None:
    with pytest.raises(kind) as caught:
        await run(one, tmp_path)
    assert caught.value.text(spell) == text
    assert "--" not in str(caught.value)


def test_what_exists_is_known(scope: Scope) -> None:
    with pytest.raises(NotFoundError) as caught:
        find_target(names(scope, (None,)), binding="X")
    assert caught.value.known == ("ONE", "TWO")


def test_a_mistake_in_the_config_may_be_why(scope: Scope) -> None:
    project = Project(scope.project.path, text=f"{CONFIG}x = [\n")
    with pytest.raises(NotFoundError, match="the file has a mistake in line"):
        find_target(scope._replace(project=project), binding="X")


REFUSED: dict[str, Run] = {
    "an empty key": _put_with(""),
    "a long key": _put_with("k" * 513),
    "a time too near": _put_with(expiration_ttl=59),
    "metadata too large": _put_with(metadata="m" * 1025),
}


@pytest.mark.parametrize("run", REFUSED.values(), ids=REFUSED)
async def test_what_workers_kv_refuses_is_not_stored(one: Target, tmp_path: Path, run: Run) -> None:
    with pytest.raises(KVError):
        await run(one, tmp_path)
    assert await count(one) == 0


async def test_a_listed_key_is_read_and_deleted_whatever_its_name(one: Target) -> None:
    store = await one.store()
    await store.put(one.id, Write("..", b"v"))
    for work in (get(one, ".."), delete(one, [".."])):
        with pytest.raises(KVError):
            await work
    assert await get(one, "..", listed=True) == Entry(b"v")
    assert await delete(one, [".."], listed=True) == 1


async def test_all_files_are_checked_before_one_is_written(one: Target, tmp_path: Path) -> None:
    good = write_seeds(tmp_path, "good.json", a="1")
    bad = write_seeds(tmp_path, "bad.json", **{"": "1"})
    with pytest.raises(FilesError) as caught:
        named = [(bad, one, "bad.json"), (good, one, "good"), (tmp_path / "none", one, "none")]
        read_jobs(named, NOW)
    assert [error.name for error in caught.value.errors] == ["bad.json", "none"]
    with pytest.raises(FileError):
        read_job(one, bad, NOW)


# -- a Worker that writes at the last moment ---------------------------------------------------


def _seeding(existing: Literal["keep", "overwrite"]) -> Run:
    async def run(one: Target, folder: Path) -> Any:
        job = read_job(one, write_seeds(folder, "ONE.json", a="1", b="2", new="3"), NOW)
        _, asked = await choose(job, "refuse")
        assert asked and asked.keys == ["a", "b"]
        chosen, _ = await choose(job, existing, asked.digest)
        return lambda: seed(chosen)

    return run


async def _deleting(one: Target, folder: Path) -> Any:
    keys = ["a", "b", "new"]
    digest = (await before_delete(one, keys)).digest
    return lambda: delete(one, keys, expected=digest)


async def _clearing(one: Target, folder: Path) -> Any:
    digest = (await before_clear(one)).digest
    return lambda: clear(one, expected=digest)


async def _restoring(one: Target, folder: Path) -> Any:
    await put(one, "b", b"before")
    await delete(one, ["a"])
    await save_snapshot(one.scope, "s")
    await put(one, "a", b"old")
    await put(one, "b", b"old")
    found = await diff_snapshot(one.scope, "s")
    return lambda: restore_snapshot(found)


def _transferring(operation: Callable[..., Awaitable[Any]]) -> Run:
    async def run(one: Target, folder: Path) -> Any:
        store = await one.store()
        await store.put_many("OLD", [Write(key, b"moved") for key in ("a", "b", "new")])
        digest = (await operation(one, "OLD")).digest
        return lambda: operation(one, "OLD", "overwrite", digest)

    return run


AT_ONCE: dict[str, tuple[Run, Sequence[str]]] = {
    # id: (what prepares the operation and returns it, the keys that it may not overwrite)
    "seed, overwriting": (_seeding("overwrite"), ("a", "b", "new")),
    "seed, keeping": (_seeding("keep"), ("new",)),
    "delete": (_deleting, ("a", "b", "new")),
    "clear": (_clearing, ("a", "b")),
    "restore": (_restoring, ("a", "b")),
    "copy": (_transferring(copy), ("a", "b", "new")),
    "move": (_transferring(move), ("a", "b", "new")),
}


@pytest.mark.parametrize(
    ("prepare", "key"),
    [(prepare, key) for prepare, keys in AT_ONCE.values() for key in keys],
    ids=[f"{name}, {key}" for name, (_, keys) in AT_ONCE.items() for key in keys],
)
async def test_a_write_between_the_comparison_and_the_change_is_not_lost(
    one: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Run, key: str
) -> None:
    """Nothing is changed then, not even the keys that are as they were."""
    for name in ("a", "b"):
        await put(one, name, b"old")
    operation = await prepare(one, tmp_path)
    store = await one.store()
    change_many = store.change_many

    async def late(batches: Sequence[Batch]) -> int:
        await store.put(one.id, Write(key, b"new"))  # of equal size
        return await change_many(batches)

    monkeypatch.setattr(store, "change_many", late)
    with pytest.raises((ChangedError, ConflictError)):
        await operation()
    there = {"a": Entry(b"old"), "b": Entry(b"old"), key: Entry(b"new")}
    assert {name: entry async for name, entry in everything(store, one.id)} == there
    if prepare in (AT_ONCE["copy"][0], AT_ONCE["move"][0]):
        assert (await store.stats("OLD")).keys == 3


@pytest.mark.parametrize(
    "operation",
    [
        lambda one: copy(one, "OLD", "overwrite"),
        lambda one: move(one, "OLD", "overwrite"),
        lambda one: copy(one, "OLD", "keep"),
        lambda one: move(one, "OLD", "keep"),
    ],
    ids=["copy, overwriting", "move, overwriting", "copy, keeping", "move, keeping"],
)
async def test_a_busy_worker_does_not_stop_a_transfer(
    one: Target, monkeypatch: pytest.MonkeyPatch, operation: Callable[[Target], Awaitable[Any]]
) -> None:
    """Overwriting was asked for, and what is to be kept is read again."""
    store = await one.store()
    await store.put_many("OLD", [Write(key, b"moved") for key in ("a", "b", "c")])
    change_many, calls = store.change_many, 0

    async def late(batches: Sequence[Batch]) -> int:
        nonlocal calls
        calls += 1
        if calls < 3:
            await store.put(one.id, Write("ab"[calls - 1], b"new"))
        return await change_many(batches)

    monkeypatch.setattr(store, "change_many", late)
    done = await operation(one)
    there = {name: entry.value async for name, entry in everything(store, one.id)}
    if calls == 1:
        assert (done.keys, there) == (3, dict.fromkeys("abc", b"moved"))
    else:
        assert done.conflicts == ["a", "b"]
        assert (done.keys, there) == (1, {"a": b"new", "b": b"new", "c": b"moved"})


async def test_a_forced_restore_asks_for_nothing(one: Target) -> None:
    await put(one, "a", b"before")
    await save_snapshot(one.scope, "s")
    await put(one, "a", b"after")
    found = await diff_snapshot(one.scope, "s")
    await put(one, "a", b"later")
    with pytest.raises(ChangedError):
        await restore_snapshot(found)
    await restore_snapshot(found, forced=True)
    assert await get(one, "a") == Entry(b"before")


class Large:
    """A result whose text would take more memory than the result."""

    texts = 0

    def __repr__(self) -> str:
        Large.texts += 1
        return "very long"


def test_the_shell_makes_no_text_of_a_result(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    options = read("kvlens seed", SEED, ["--config", str(tmp_path / "wrangler.toml")])

    async def work() -> Large:
        return Large()

    assert type(run(find_scope(options), work())) is Large
    assert Large.texts == 0
