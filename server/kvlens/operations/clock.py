"""Move the clock by which the keys of a store expire: nothing that it hides is removed."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from kvlens.config.model import Namespace
from kvlens.kv.clock import LATEST, REAL, Shift, system_clock
from kvlens.kv.records import KeyInfo
from kvlens.operations.errors import InvalidError, NotFoundError
from kvlens.operations.target import Scope, Target
from kvlens.stores.base import Store

JUMP = 1  # second before or after the expiration of a key


class Clock(TypedDict):
    """The clock by which keys expire."""

    time: float
    """Its time now, in seconds since the epoch."""
    seconds: float
    """How far it is ahead of the real time now; negative if it is behind."""
    frozen: bool
    """Whether it is frozen at that time."""


class Next(NamedTuple):
    """The key of a project that expires next."""

    namespace: Namespace
    key: KeyInfo


async def clock_of(scope: Scope) -> Clock:
    """Return the clock of a project's store. Raises StoreError."""
    return as_json(await (await scope.store()).shift())


def as_json(shift: Shift) -> Clock:
    """Return a moved or real clock in its JSON form."""
    real = system_clock()
    time = shift.time(real)
    if shift.frozen is None:
        return {"time": time, "seconds": shift.seconds, "frozen": False}
    return {"time": time, "seconds": time - real, "frozen": True}


async def freeze(scope: Scope) -> Clock:
    """Freeze the clock where it is. Raises StoreError, as all of these do."""
    store = await scope.store()
    return await _move(store, Shift(frozen=await store.time()))


async def resume(scope: Scope) -> Clock:
    """Let a frozen clock run on from where it is."""
    store = await scope.store()
    shift = await store.shift()
    if shift.frozen is None:
        return await _move(store, shift)
    return await _move(store, Shift(shift.frozen - system_clock()))


async def advance(scope: Scope, seconds: float) -> Clock:
    """Move the clock ahead, or back by a negative number; a frozen one stays frozen.

    Raises InvalidError for a time that it can't have.
    """
    store = await scope.store()
    shift = await store.shift()
    if shift.frozen is not None:
        return await _move(store, Shift(frozen=shift.frozen + seconds))
    return await _move(store, Shift(shift.seconds + seconds))


async def reset(scope: Scope) -> Clock:
    """Set the clock to the real time."""
    return await _move(await scope.store(), REAL)


async def jump(target: Target, key: str | None = None, *, before: bool = False) -> Clock:
    """Freeze the clock one second before or after a key expires; by default, the next one does.

    Raises NotFoundError if there is no such key, and InvalidError if it doesn't expire.
    """
    store = await target.store()
    if key is None:
        found = await store.next_expiring(target.id)
        if found is None:
            raise NotFoundError(f"no key in {target.name} expires")
    else:
        page = await store.list(target.id, prefix=key, limit=1)
        found = next((one for one in page.keys if one.name == key), None)
        if found is None:
            raise NotFoundError(
                f'no key "{key}" in {target.name}; a key that the moved clock hides is there '
                "again after a reset of the clock"
            )
    if found.expiration is None:
        raise InvalidError(f'key "{found.name}" in {target.name} never expires')
    return await _move(store, Shift(frozen=found.expiration + (-JUMP if before else JUMP)))


async def next_expiring(scope: Scope) -> Next | None:
    """Return the key that expires next in the selected namespaces. Raises StoreError."""
    store = await scope.store()
    found: list[Next] = []
    for namespace in scope.config.namespaces(*scope.environments):
        key = await store.next_expiring(namespace.id)
        if key is not None:
            found.append(Next(namespace, key))
    return min(found, key=lambda one: one.key.expiration or 0, default=None)


async def _move(store: Store, shift: Shift) -> Clock:
    time = shift.time(system_clock())
    if not 0 <= time <= LATEST:
        raise InvalidError(
            "the clock can't be moved there: it goes from 1970 to the end of the year 9999"
        )
    await store.move_clock(shift)
    return as_json(shift)
