"""Move the clock by which the keys of a store expire: nothing that it hides is removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from kvlens.config.model import Namespace
from kvlens.kv.clock import LATEST, REAL, Shift, system_clock
from kvlens.kv.records import KeyInfo
from kvlens.operations.errors import InvalidError, NotFoundError
from kvlens.operations.target import Scope, Target
from kvlens.stores.base import Store

if TYPE_CHECKING:
    from typing_extensions import NotRequired

JUMP = 1  # second before or after the expiration of a key


class Clock(TypedDict):
    """The clock by which keys expire."""

    time: float
    """Its time now, in seconds since the epoch."""
    seconds: float
    """How far it is ahead of the real time now; negative if it is behind."""
    frozen: bool
    """Whether it is frozen at that time."""
    problem: NotRequired[str]
    """Why the file that says how it is moved is ignored."""


class Next(NamedTuple):
    """The key of a project that expires next."""

    namespace: Namespace
    key: KeyInfo


async def clock_of(scope: Scope) -> Clock:
    """Return the clock of a project's store. Raises StoreError."""
    store = await scope.store()
    clock = as_json(await store.shift())
    if problem := await store.clock_problem():
        clock["problem"] = problem
    return clock


async def notice(store: Store, options: str = "") -> str:
    """Return what to say about a moved clock, to follow other text; "" if it isn't moved.

    `options` are as in `Shift.notice`. Raises StoreError.
    """
    shift = await store.shift()
    return "" if shift == REAL else shift.notice(system_clock(), options)


async def why_hidden(target: Target, *keys: str) -> str:
    """Return why keys are missing if only a moved clock hides one, else "". Raises StoreError."""
    return await why_hidden_in(await target.store(), target.id, *keys)


async def why_hidden_in(store: Store, ns: str, *keys: str) -> str:
    """Return what `why_hidden` does, for keys of a namespace of a store."""
    said = await notice(store)
    for key in keys if said else ():
        if await _has(store.with_hidden(), ns, key):
            what = "it has" if len(keys) == 1 else "some have"
            return f"{what} expired by the moved clock; {said}"
    return ""


async def _has(store: Store, ns: str, key: str) -> KeyInfo | None:
    page = await store.list(ns, prefix=key, limit=1)
    return next((one for one in page.keys if one.name == key), None)


def as_json(shift: Shift) -> Clock:
    """Return a moved or real clock in its JSON form."""
    real = system_clock()
    time = shift.time(real)
    if shift.frozen is None:
        return {"time": time, "seconds": shift.seconds, "frozen": False}
    return {"time": time, "seconds": time - real, "frozen": True}


async def freeze(scope: Scope) -> Clock:
    """Freeze the clock where it is. Raises StoreError, as all of these do."""
    return await _change(scope, lambda shift: Shift(frozen=shift.time(system_clock())))


async def resume(scope: Scope) -> Clock:
    """Let a frozen clock run on from where it is."""
    return await _change(
        scope,
        lambda shift: shift if shift.frozen is None else Shift(shift.frozen - system_clock()),
    )


async def advance(scope: Scope, seconds: float) -> Clock:
    """Move the clock ahead, or back by a negative number; a frozen one stays frozen.

    Raises InvalidError for a time that it can't have.
    """
    return await _change(
        scope,
        lambda shift: (
            Shift(shift.seconds + seconds)
            if shift.frozen is None
            else Shift(frozen=shift.frozen + seconds)
        ),
    )


async def reset(scope: Scope) -> Clock:
    """Set the clock to the real time."""
    return await _change(scope, lambda _: REAL)


async def jump(target: Target, key: str | None = None, *, before: bool = False) -> Clock:
    """Freeze the clock one second before or after a key expires; by default, the next one does.

    Raises NotFoundError if there is no such key, and InvalidError if it doesn't expire.
    """
    store = await target.store()
    if key is None:
        found = await store.next_expiring(target.id)
        if found is None:
            said = await notice(store)
            raise NotFoundError(
                f"no key in {target.name} expires" + (f" after this: {said}" if said else "")
            )
    else:
        found = await _has(store.with_hidden(), target.id, key)  # also after it was jumped past
        if found is None:
            raise NotFoundError(f'no key "{key}" in {target.name}')
    if found.expiration is None:
        raise InvalidError(f'key "{found.name}" in {target.name} never expires')
    frozen = found.expiration + (-JUMP if before else JUMP)
    return await _change(target.scope, lambda _: Shift(frozen=frozen))


async def next_expiring(scope: Scope) -> Next | None:
    """Return the key that expires next in the selected namespaces. Raises StoreError."""
    store = await scope.store()
    found: list[Next] = []
    for namespace in scope.config.namespaces(*scope.environments):
        key = await store.next_expiring(namespace.id)
        if key is not None:
            found.append(Next(namespace, key))
    return min(found, key=lambda one: one.key.expiration or 0, default=None)


async def _change(scope: Scope, change: Callable[[Shift], Shift]) -> Clock:
    """Move the clock relative to where it is, again if another process does so meanwhile."""
    store = await scope.store()
    while True:
        before = await store.shift()
        shift = change(before)
        if not 0 <= shift.time(system_clock()) <= LATEST:
            raise InvalidError(
                "the clock can't be moved there: it goes from 1970 to the end of the year 9999"
            )
        if await store.move_clock(shift, before):
            return as_json(shift)
