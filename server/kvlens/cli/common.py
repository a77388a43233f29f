"""Shared by the commands on keys: options named as in wrangler, the config and the store."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from kvlens.cli.frame import CommandError, Options, UsageError
from kvlens.cli.terminal import json_text, one_line
from kvlens.config.find import CONFIG_NAMES, ConfigError, default_configs
from kvlens.errors import KVLensError
from kvlens.operations import errors
from kvlens.operations import target as resolver
from kvlens.operations.errors import NotFoundError, listed
from kvlens.operations.target import Scope, Target, check_environment, project_config
from kvlens.seeds.array import FileError
from kvlens.stores.base import Store, StoreError
from kvlens.stores.origin import SHELL, Origin
from kvlens.stores.registry import DEFAULT_STORE, absolute_url, default_store, find_store
from kvlens.workspace.project import Project

T = TypeVar("T")

LONGEST_TITLE = 600  # characters of a command in the history; a key may have 512
LINES = 50  # shown for errors in files; the rest is counted


class MistakesError(CommandError):
    """Files have errors, and none was used."""

    def __init__(self, errors: Sequence[FileError]) -> None:
        found: list[str] = []
        for error in errors:
            found += error.lines(LINES + 1 - len(found))
        count = sum(error.count for error in errors)
        self._lines = capped(found, count) if count > 1 else []
        files = listed([error.name for error in errors])
        super().__init__(
            f"{counted(count, 'mistake')} in {files}; nothing was written"
            if self._lines
            else found[0]
        )

    def lines(self) -> list[str]:
        """Return a line for each mistake if there are several."""
        return self._lines


def as_command_error(error: KVLensError) -> CommandError:
    """Convert an error of another part to a command's."""
    if isinstance(error, FileError):
        return MistakesError([error])
    if isinstance(error, errors.FilesError):
        return MistakesError(error.errors)
    if isinstance(error, errors.OperationError):
        kind = UsageError if isinstance(error, errors.InvalidError) else CommandError
        return kind(error.text(spell))
    return CommandError(error)


# -- options ----------------------------------------------------------------------------------


def place_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that select the config and the store."""
    add = parser.add_argument
    add("--config", "-c", metavar="PATH", help="the config (default: found from here)")
    add(
        "--env",
        "-e",
        metavar="NAME",
        help="the environment of the config (default: CLOUDFLARE_ENV, else the top level)",
    )
    add("--store", metavar="URL", help=f"the store (default: KVLENS_STORE, else {DEFAULT_STORE})")
    add("--persist-to", metavar="PATH", help="the same as --store wrangler:PATH, from this folder")
    add("--local", action="store_true", help="accepted as in wrangler; changes nothing")
    add("--remote", action="store_true", help=argparse.SUPPRESS)
    add("--json", action="store_true", help="print the result as JSON")


def namespace_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that select the namespace, and those of `place_options`."""
    parser.add_argument("--binding", metavar="NAME", help="the namespace, by its binding")
    parser.add_argument("--namespace-id", metavar="ID", help="the namespace, by its id")
    preview = parser.add_mutually_exclusive_group()
    preview.add_argument(
        "--preview",
        action="store_true",
        default=None,
        help="use preview_id (default: preview_id, else id, else the binding's name)",
    )
    preview.add_argument(
        "--no-preview", action="store_false", dest="preview", help="use id, not preview_id"
    )
    place_options(parser)


# -- the project and the namespace ----------------------------------------------------------

NAMES = {"namespace_id": "--namespace-id", "environment": "--env", "expiration_ttl": "--ttl"}


def spell(name: str) -> str:
    """Return the option for an argument of an operation."""
    return NAMES.get(name, f"--{name}")


class _OpenStore:
    """The store of a project, opened at first use."""

    def __init__(self, project: Project, options: Options) -> None:
        self._project = project
        self._options = options
        self._store: Store | None = None

    async def __call__(self) -> Store:
        """Return the store. Raises UsageError for an invalid URL."""
        if self._store is None:
            command = self._options
            title = " ".join([command.name, *command.words[:1]])[:LONGEST_TITLE]
            try:
                store = self._project.open_store()
            except StoreError as error:
                raise UsageError(str(error)) from error
            self._store = store.by(Origin.action_of(SHELL, title))
        return self._store

    async def close(self) -> None:
        """Close the store if it is open."""
        store, self._store = self._store, None
        if store is not None:
            await store.close()


def config_path(options: argparse.Namespace, argument: str | None = None) -> Path:
    """Return the named config, or the one that wrangler would use from here.

    `argument`: what names it, if that isn't --config. Raises ConfigError if there is none.
    """
    if options.config:
        return Path(options.config).absolute()
    try:
        return project_config(Path.cwd()).absolute()
    except NotFoundError as error:
        raise ConfigError(error.text(lambda name: argument or spell(name))) from None


def find_scope(options: Options, *, every: bool = False, config_needed: bool = True) -> Scope:
    """Return the project that the options name, with its store.

    Without --env, selects the top level, or all environments with `every`; then, `--env ""` means
    the top level. A config that isn't needed is read only if it is named: without one, the project
    has no namespaces. Raises ConfigError, NotFoundError for an environment that isn't in the
    config, and UsageError for a store that a command can't reach.
    """
    store = _store_url(options)
    named = os.environ.get("CLOUDFLARE_ENV") if options.env is None else options.env
    if not config_needed and not options.config:
        path = [*default_configs(Path.cwd()), Path.cwd() / CONFIG_NAMES[0]][0]
        project = Project(path, store=store, text="")
        return Scope(project, shown(path), _OpenStore(project, options))
    project = Project(config_path(options), named or None, store=store)
    environments = () if every and not named and options.env != "" else (named or None,)
    scope = Scope(project, shown(project.path), _OpenStore(project, options), environments)
    check_environment(scope)
    return scope


def find_target(options: Options, *, config_needed: bool = False) -> Target:
    """Return the one namespace that the options name. Raises UsageError and as `find_scope`.

    With `config_needed`, reads the config also for a namespace that is named by its id.
    """
    if options.binding is not None and options.namespace_id is not None:
        raise UsageError(
            "Conflicting options: --binding and --namespace-id cannot be used together. "
            "Please provide only one."
        )
    if options.namespace_id:
        return Target(find_scope(options, config_needed=config_needed), options.namespace_id)
    if not options.binding:
        raise UsageError(
            "Missing required option: exactly one of --binding and --namespace-id must be provided"
        )
    scope = find_scope(options)
    return resolver.find_target(scope, binding=options.binding, preview=options.preview)


def _store_url(options: Options) -> str:
    if options.remote:
        raise UsageError("--remote: to use the real namespaces, pass --store cloudflare:ACCOUNT_ID")
    if options.persist_to is not None:
        if options.store is not None:
            raise UsageError("--store and --persist-to both name a store; use one of them")
        return absolute_url(f"{DEFAULT_STORE}{options.persist_to}", Path.cwd())
    url: str = options.store or default_store()
    info = find_store(url)
    if info is not None and not info.shared:
        raise UsageError(
            f"the store {url} is in the memory of a running emulator; set KVLENS_TOKEN and pass "
            f"--store http://127.0.0.1:PORT as `kvlens serve` prints them, or use {DEFAULT_STORE}"
        )
    return absolute_url(url, Path.cwd())


# -- the store --------------------------------------------------------------------------------


def run(scope: Scope, work: Awaitable[T]) -> T:
    """Run an operation on a scope's store, and close the store.

    Raises the errors of the operation, and UsageError for an invalid store URL. Ctrl+C cancels the
    operation: it raises KeyboardInterrupt if nothing was changed. If that comes too late, the
    operation ends as usual.
    """
    import asyncio  # late: --help and wrong usage don't need it

    results: list[T] = []  # not of the task: asyncio makes the text of a task's result, of any size

    async def closed() -> None:
        with _interrupted_by_cancel():
            try:
                results.append(await work)
            finally:
                assert isinstance(scope.store, _OpenStore)
                await scope.store.close()

    try:
        asyncio.run(closed())
    except asyncio.CancelledError:
        if not results:
            raise KeyboardInterrupt from None
    return results[0]


@contextmanager
def _interrupted_by_cancel() -> Iterator[None]:
    """Let the first Ctrl+C cancel the running task, and another one raise KeyboardInterrupt.

    `asyncio.run` does so only since Python 3.11.
    """
    import asyncio  # late, as above

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def cancel(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGINT, cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def damaged_error(damaged: Sequence[object], rest: str) -> CommandError:
    """Print the damaged keys; return the error to raise after the `rest`."""
    print_warnings([str(error) for error in damaged])
    return CommandError(f"{counted(len(damaged), 'key')} damaged; {rest}")


# -- text output ------------------------------------------------------------------------------


def counted(number: int, thing: str) -> str:
    """Return "1 key", "2,000 keys"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def print_json(value: object) -> None:
    """Print JSON as wrangler does, indented by two spaces."""
    print(json_text(value))


def json_lines(items: Sequence[object]) -> str:
    """Return the lines of an array's items in the format of `print_json`, without brackets."""
    return json_text(items)[2:-2]


def print_warnings(lines: Sequence[str], count: int | None = None) -> None:
    """Print a limited number of lines on standard error; `count` is the total."""
    for line in capped(lines, count):
        print(line, file=sys.stderr)


def capped(lines: Sequence[str], count: int | None = None) -> list[str]:
    """Return a limited number of lines, and how many more there are of the `count`."""
    count = len(lines) if count is None else count
    more = [f"… and {count - LINES:,} more"] if count > LINES else []
    return [*map(one_line, lines[:LINES]), *more]


def shown(path: Path) -> str:
    """Return the shortest form of a path from the current folder."""
    try:
        return one_line(path.relative_to(Path.cwd()))
    except ValueError:
        return one_line(path)
