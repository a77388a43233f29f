"""The sides of a comparison: namespaces of any store, of a snapshot or of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from kvlens.kv.clock import REAL, MovableClock, system_clock
from kvlens.operations.clock import notice
from kvlens.operations.errors import InvalidError, NotFoundError, listed
from kvlens.operations.seed import read_job
from kvlens.operations.target import Scope, Target
from kvlens.seeds import snapshots
from kvlens.seeds.snapshots import SnapshotMissingError
from kvlens.stores.base import Store
from kvlens.stores.origin import Origin
from kvlens.stores.registry import absolute_url, find_store, keys_of, shown_url
from kvlens.workspace.project import Project

Place = Literal["local", "shared", "remote", "snapshot", "file"]
"""Where keys are: on this machine, in a team's store, in an account, in a file to read."""


class Times(NamedTuple):
    """The time on a side, in seconds since the epoch."""

    now: float
    """By the clock by which its keys expire."""
    earliest: float
    """By that clock or the real one, the earlier one: keys that it hides exist by that."""
    is_moved: bool = False


class Side(NamedTuple):
    """One side of a comparison."""

    target: Target
    title: str
    """What tells it from the other side: "staging", "snapshot base"."""
    where: str
    """The config and the store, or the file."""
    place: Place
    opened: Callable[[], Store | None]
    """Return the store that was opened for this side, which `close` closes."""

    @property
    def is_file(self) -> bool:
        """Whether it is a snapshot or a file, which are only read."""
        return self.place in ("snapshot", "file")

    async def whole(self) -> Store:
        """Return the store for reading, with the keys that only a moved clock hides."""
        return (await self.target.store()).with_hidden()

    async def times(self) -> Times:
        """Return the time on this side. Raises StoreError."""
        store = await self.target.store()
        shift = await store.shift()
        return Times(await store.time(), await store.with_hidden().time(), shift != REAL)

    async def notice(self) -> str:
        """Return what to say about a moved clock of this side; "" if it isn't moved."""
        store = await self.target.store()
        if self.opened() is None:
            return await notice(store)
        return await notice(store, f" --store {shown_url(self.target.scope.project.store)}")

    async def close(self) -> None:
        """Close what was opened for this side."""
        store = self.opened()
        if store is not None:
            await store.close()


def place_of(url: str) -> Place:
    """Return where the keys of a store are."""
    scheme = url.partition(":")[0].lower()
    if scheme == "cloudflare":
        return "remote"
    return "shared" if scheme.startswith("redis") else "local"


def of_target(target: Target, title: str = "") -> Side:
    """Return a namespace of a project's own store as a side."""
    scope = target.scope
    environment = environment_of(target)
    where = f"{scope.label}{f', environment {environment}' if environment else ''}"
    return Side(
        target,
        title or environment or "top level",
        f"{where}, store {shown_url(scope.project.store)}",
        place_of(scope.project.store),
        lambda: None,
    )


def of_targets(left: Target, right: Target) -> tuple[Side, Side]:
    """Return two namespaces as sides, whose titles say what tells them apart."""
    if left.scope.project.path != right.scope.project.path:
        return of_target(left, left.scope.label), of_target(right, right.scope.label)
    if left.binding == right.binding:
        return of_target(left), of_target(right)
    return of_target(left, left.name), of_target(right, right.name)


def titled(target: Target, other: Side) -> Side:
    """Return a namespace as the side to compare with one elsewhere."""
    side = of_target(target)
    title = "now" if other.is_file else "this project"
    return side._replace(title=title)


def of_store(target: Target, url: str, namespace_id: str | None, origin: Origin) -> Side:
    """Return a namespace of another store, by default with the same id, as a side.

    Of Cloudflare, by default with the config's `id`, never its `preview_id`. Nothing is opened
    yet. Raises InvalidError for a URL that isn't one of a store that can be opened here.
    """
    project = target.scope.project
    url = absolute_url(url, project.folder)
    info = find_store(url)
    if info is None or not info.shared:
        why = "it is in the memory of another process" if info else "no store has such a URL"
        raise InvalidError(f'"{shown_url(url)}" can\'t be compared with: {why}')
    other = Project(project.path, project.environment, store=url, text=project.config.text)
    if keys_of(other.store, project.folder) == keys_of(project.store, project.folder):
        named = namespace_id in (None, target.id)
        if named:
            raise InvalidError(
                f'"{shown_url(url)}" is the store that {target.name} is in; take another one, or '
                "another namespace"
            )
    opened: list[Store] = []

    async def store() -> Store:
        if not opened:
            opened.append(other.open_store())
        return opened[0].by(origin)

    name = namespace_id or _id_in(target, url)
    shown = shown_url(other.store)
    scope = target.scope._replace(project=other, store=store)
    side = target._replace(scope=scope, id=name)
    title = shown if name == target.id else f"{shown}, id {name}"
    return Side(side, title, title, place_of(url), lambda: opened[0] if opened else None)


def of_snapshot(target: Target, name: str) -> Side:
    """Return the same namespace of a snapshot as a side. Raises NotFoundError, SnapshotError."""
    from kvlens.seeds.snapshot_store import SnapshotStore  # late: it imports asyncio

    try:
        snapshot = snapshots.load(target.scope.folder, name)
    except SnapshotMissingError as error:
        raise NotFoundError(str(error), known=error.known) from error
    environment = environment_of(target)
    kept = next(
        (
            one
            for one in snapshot.namespaces
            if one.namespace.id == target.id or one.namespace[:2] == (target.binding, environment)
        ),
        None,
    )
    if kept is None:
        there = listed([str(one.namespace) for one in snapshot.namespaces])
        raise NotFoundError(f'snapshot "{name}" has no {target.name}; it has {there or "nothing"}')
    clock = MovableClock(system_clock)
    store = SnapshotStore(snapshot, kept, clock.earliest)
    where = str(snapshot.folder)
    side = _frozen(target, store, clock)
    return Side(side, f"snapshot {name}", where, "snapshot", lambda: store)


async def of_file(target: Target, path: Path) -> Side:
    """Return a seed or export file as a side. It is read now, and kept in memory.

    Raises FileError with every mistake of the file, and OSError.
    """
    from kvlens.stores.memory import MemoryStore  # late: other sides don't need it

    clock = MovableClock(system_clock)
    store = MemoryStore(clock.earliest)
    theirs = await target.store()
    now, earliest = await theirs.time(), await theirs.with_hidden().time()
    job = read_job(target, path, now, earliest=earliest, given=True)
    await store.put_many(target.id, job.writes)
    store.writable = False
    return Side(_frozen(target, store, clock), path.name, str(path), "file", lambda: store)


def _frozen(target: Target, store: Store, clock: MovableClock) -> Target:
    """Return the target in a store that only reads, whose `clock` is moved like the target's own.

    It has what the clock hides: a copy brings that back as it was, and the clock hides it again.
    """

    async def get_store() -> Store:
        clock.move(await (await target.store()).shift())
        return store

    return target._replace(scope=target.scope._replace(store=get_store))


def environment_of(target: Target) -> str | None:
    """Return the first selected environment that has the namespace; None for the top level."""
    scope: Scope = target.scope
    for namespace in scope.config.namespaces(*scope.environments):
        if namespace.id == target.id and target.binding in (None, namespace.binding):
            return namespace.environment
    return None


def _id_in(target: Target, url: str) -> str:
    """Return the id that a namespace has in another store."""
    if place_of(url) != "remote":
        return target.id
    for environment in target.scope.config.environments:
        for kv in environment.kv:
            for entry in kv.entries:
                if entry.store_id == target.id and (found := entry.text_of("id")):
                    return found
    return target.id
