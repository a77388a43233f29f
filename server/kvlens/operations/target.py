"""Find the namespace that an operation is for.

A `Scope` is a project as a caller sees it: the selected environments and access to the store.
`find_target` finds a namespace in it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from kvlens.config.find import CONFIG_NAMES, default_configs
from kvlens.config.model import Config, Entry, Namespace
from kvlens.operations.errors import NotFoundError, Spell, listed, there_are
from kvlens.stores.base import Store
from kvlens.workspace.project import Project


class Scope(NamedTuple):
    """A project that operations work in.

    `environments` are the selected ones, None being the top level; if empty, all of them are.
    `store` returns the open store, which the creator of the scope closes.
    """

    project: Project
    label: str  # its config's name in messages
    store: Callable[[], Awaitable[Store]]
    environments: tuple[str | None, ...] = ()

    async def time(self) -> float:
        """Return the time by which keys expire, in seconds since the epoch. Raises StoreError."""
        return await (await self.store()).time()

    @property
    def config(self) -> Config:
        """The config of the project."""
        return self.project.config

    @property
    def folder(self) -> Path:
        """The folder of the config. Seed files and snapshots are in it."""
        return self.project.folder

    @property
    def environment(self) -> str | None:
        """The environment that was selected by name."""
        return self.environments[0] if self.environments else None


class Target(NamedTuple):
    """A namespace to work on."""

    scope: Scope
    id: str  # in the store
    binding: str | None = None

    async def store(self) -> Store:
        """Return the namespace's store."""
        return await self.scope.store()

    @property
    def name(self) -> str:
        """The binding, or the id if there is no known binding."""
        return self.binding or self.id

    def __str__(self) -> str:
        return f'{self.binding} (id "{self.id}")' if self.binding else f'namespace id "{self.id}"'


def find_target(
    scope: Scope,
    *,
    binding: str | None = None,
    namespace_id: str | None = None,
    preview: bool | None = None,
) -> Target:
    """Return the config's namespace with a binding or an id.

    `preview` chooses preview_id or id; None takes preview_id, else id, else the binding's name.
    Raises NotFoundError.
    """
    check_environment(scope)
    entries = _entries(scope)
    for name, entry in entries:
        if binding not in (None, name) or namespace_id not in (None, entry.store_id):
            continue
        chosen = entry.store_id
        if preview is not None:
            chosen = entry.text_of("preview_id" if preview else "id")
        if preview and not chosen:
            raise NotFoundError(
                f'No preview namespace ID is configured for binding "{name}". '
                f'Add a "preview_id" to it in {scope.label}',
                lambda spell: f", or leave {spell('preview')} out.",
            )
        return Target(scope, chosen or name, name)
    if binding is None:
        raise _unknown(scope, f'id "{namespace_id}"', by_id=False)
    others = [entry.store_id or name for name, entry in entries if name == binding]
    if others:  # so both were given
        raise NotFoundError(
            f'the id of {binding} in {scope.label} has changed: it is "{others[0]}", not '
            f'"{namespace_id}"; list its keys again first'
        )
    raise no_binding(scope, binding, by_id=True)


def find_namespaces(scope: Scope, only: Sequence[str] = ()) -> list[Namespace]:
    """Return the selected namespaces, or `only` those of some bindings. Raises NotFoundError."""
    check_environment(scope)
    found = scope.config.namespaces(*scope.environments)
    known = {namespace.binding for namespace in found}
    for binding in only:
        if binding not in known:
            raise no_binding(scope, binding, by_id=False)
    if not found:
        raise NotFoundError(f"no KV namespaces in {scope.label}; {way_out_of_none(scope)}")
    return [namespace for namespace in found if not only or namespace.binding in only]


def bindings(scope: Scope) -> list[str]:
    """Return the bindings of the selected namespaces, in order."""
    return list(dict.fromkeys(binding for binding, _ in _entries(scope)))


def check_environment(scope: Scope) -> None:
    """Raise NotFoundError if the chosen environment is not in the config."""
    known = [found.name for found in scope.config.environments if found.name]
    wanted = scope.environment
    if wanted is None or wanted in known:
        return
    there = there_are(known) if known else "it has no environments"
    mistake = find_mistake(scope.config)
    raise NotFoundError(
        f'no environment "{wanted}" in {scope.label}; {there}{mistake and f"; {mistake}"}',
        known=known,
    )


def way_out_of_none(scope: Scope) -> str:
    """Return what to do about a config without namespaces."""
    if mistake := find_mistake(scope.config):
        return mistake
    if not scope.config.is_code:
        return "add one to kv_namespaces there"
    if any(listed.broken for each in scope.config.environments for listed in each.kv):
        return "what only running it would tell isn't guessed"
    return "add one to the Worker's env there, as NAME: bindings.kv()"


def project_config(folder: Path) -> Path:
    """Return the config that counts in a folder, if none is named.

    See `default_configs`. Raises NotFoundError for none and for several.
    """
    found = default_configs(folder)
    if len(found) == 1:
        return found[0]
    what = f"no {listed(CONFIG_NAMES, 'or')} in {folder} or above"
    if found:
        what += f", but {there_are([path.name for path in found])}"
    raise NotFoundError(
        what,
        lambda spell: f"; name the config with {spell('config')}",
        known=[path.name for path in found],
    )


def no_binding(scope: Scope, binding: str, *, by_id: bool) -> NotFoundError:
    """Return the error for a missing binding; it says where the binding is instead.

    `by_id`: the operation also takes an id.
    """
    elsewhere = [
        namespace.environment
        for namespace in scope.config.namespaces()
        if namespace.binding == binding
    ]
    return _unknown(scope, f'binding "{binding}"', elsewhere, by_id=by_id)


def _unknown(
    scope: Scope, what: str, elsewhere: list[str | None] | None = None, *, by_id: bool
) -> NotFoundError:
    known = bindings(scope)
    where = f'environment "{scope.environment}" of ' if scope.environment else ""
    text = f"no KV namespace with {what} in {where}{scope.label}"
    mistake = find_mistake(scope.config)
    others = [name for name in elsewhere or () if name]

    def way_out(spell: Spell) -> str:
        if mistake:
            return f"; {mistake}"
        if elsewhere and None in elsewhere:
            return ": environments do not inherit it from the top level; add it there"
        if others:
            return f"; it is in {spell('environment')} {listed(others, 'or')}"
        other = f", or use {spell('namespace_id')}" if by_id else ""
        there = there_are(known) if known else "add it to kv_namespaces there"
        return f"; {there}{other}"

    return NotFoundError(text, way_out, known=known)


def _entries(scope: Scope) -> list[tuple[str, Entry]]:
    """Return the selected elements of `kv_namespaces`, each with its binding."""
    found: dict[tuple[str | None, str], Entry] = {}  # the first one of a binding counts
    for environment in scope.config.environments:
        if not scope.environments or environment.name in scope.environments:
            for kv in environment.kv:
                for entry in kv.entries:
                    if binding := entry.text_of("binding"):
                        found.setdefault((environment.name, binding), entry)
    return [(binding, entry) for (_, binding), entry in found.items()]


def find_mistake(config: Config) -> str:
    """Return what makes the config invalid, if anything: it may be why something isn't found."""
    from kvlens.config import syntax_check  # late: only needed for errors

    return str(syntax_check.find_mistake(config) or "")
