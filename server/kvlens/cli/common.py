"""What the commands on keys share: options as wrangler names them, the config and the store."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from kvlens.cli.frame import Argument, CommandError, Options, UsageError
from kvlens.cli.terminal import json_text, one_line
from kvlens.config.find import CONFIG_NAMES, ConfigError, find_config
from kvlens.config.model import Config, Entry
from kvlens.errors import KVLensError
from kvlens.kv.coerce import has_lone_surrogate
from kvlens.kv.validation import key_name
from kvlens.seeds.array import FileError
from kvlens.stores.base import DamagedKeyError, Store, StoreError
from kvlens.stores.registry import DEFAULT_STORE, absolute_url, default_store, find_store
from kvlens.workspace.project import Project

T = TypeVar("T")

LINES = 50  # of mistakes in files, shown; the rest is counted


class FilesError(CommandError):
    """Files have mistakes; nothing was done with any."""

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
        """Return a line for each mistake, where there are several."""
        return self._lines


def as_command_error(error: KVLensError) -> CommandError:
    """Return the error of a part below as one of a command."""
    return FilesError([error]) if isinstance(error, FileError) else CommandError(error)


# -- options ----------------------------------------------------------------------------------


KEY = Argument("KEY", "the key's name: 1 to 512 bytes of UTF-8, not . or ..")


def place_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which config and which store."""
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
    add("--json", action="store_true", help="answer as JSON")


def namespace_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which namespace, and those of `place_options`."""
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


def time_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that a put has."""
    parser.add_argument(
        "--ttl", type=int, metavar="S", help="expire in S seconds, at least 60 (default: never)"
    )
    parser.add_argument(
        "--expiration",
        type=int,
        metavar="T",
        help="expire at T, in seconds since 1970 (default: never)",
    )
    parser.add_argument("--metadata", metavar="JSON", help="metadata, up to 1024 bytes of JSON")


# -- the config and the namespace -----------------------------------------------------------


class Target(NamedTuple):
    """A namespace: its id in the store, and what to call it."""

    id: str
    binding: str | None

    def __str__(self) -> str:
        named = f'{self.binding} (id "{self.id}")' if self.binding else f'namespace id "{self.id}"'
        return one_line(named)


def config_path(options: argparse.Namespace) -> Path:
    """Return the config that is named, or the one that wrangler would use from here.

    Raises ConfigError if there is none.
    """
    path = Path(options.config) if options.config else find_config(Path.cwd())
    if path is None:
        names = listed(CONFIG_NAMES, "or")
        raise ConfigError(f"no {names} in {Path.cwd()} or above; name the config with --config")
    return path.absolute()


def find_project(options: Options, *, config_needed: bool = True) -> Project:
    """Read the config and check the environment.

    A config that isn't needed is read only if it is named: without one, the project has no
    namespaces. Raises ConfigError, CommandError for an environment that isn't in the config, and
    UsageError for a store that a command can't reach.
    """
    store = _store_url(options)
    environment = os.environ.get("CLOUDFLARE_ENV") if options.env is None else options.env
    environment = environment or None
    if not config_needed and not options.config:
        path = find_config(Path.cwd()) or Path.cwd() / CONFIG_NAMES[0]
        return Project(path, environment, store=store, text="")
    project = Project(config_path(options), environment, store=store)
    known = [found.name for found in project.config.environments if found.name]
    if environment is not None and environment not in known:
        there = f"there {_are(known)} {listed(known)}" if known else "it has no environments"
        raise CommandError(
            f'no environment "{environment}" in {shown(project.path)}; {there}'
            f"{_mistake(project.config)}"
        )
    return project


def find_target(options: Options) -> tuple[Project, Target]:
    """Return the one namespace that the options name. Raises as `find_project`, and UsageError."""
    if options.binding is not None and options.namespace_id is not None:
        raise UsageError(
            "Conflicting options: --binding and --namespace-id cannot be used together. "
            "Please provide only one."
        )
    if options.namespace_id:
        return find_project(options, config_needed=False), Target(options.namespace_id, None)
    if not options.binding:
        raise UsageError(
            "Missing required option: exactly one of --binding and --namespace-id must be provided"
        )
    project = find_project(options)
    return project, resolve(project, options.binding, options.preview)


def resolve(project: Project, binding: str, preview: bool | None) -> Target:
    """Return the namespace of a binding; `preview` None takes preview_id, else id, else binding.

    Raises CommandError where the environment has no such binding, or no preview_id is there.
    """
    for name, entry in entries(project):
        if name != binding:
            continue
        chosen = entry.store_id
        if preview is not None:
            chosen = entry.text_of("preview_id" if preview else "id")
        if preview and not chosen:
            raise CommandError(
                f'No preview namespace ID is configured for binding "{binding}". '
                f'Add a "preview_id" to it in {shown(project.path)}, or leave --preview out.'
            )
        return Target(chosen or binding, binding)
    raise CommandError(unknown(project, binding))


def entries(project: Project) -> list[tuple[str, Entry]]:
    """Return the namespaces of the chosen environment, each by its binding."""
    found: list[tuple[str, Entry]] = []
    for environment in project.config.environments:
        if environment.name == project.environment:
            for kv in environment.kv:
                for entry in kv.entries:
                    if binding := entry.text_of("binding"):
                        found.append((binding, entry))
    return found


def unknown(project: Project, binding: str, *, by_id: bool = True) -> str:
    """Say that the environment has no such binding, and where it may be instead.

    `by_id` tells whether the command takes --namespace-id too.
    """
    where = f'environment "{project.environment}" of ' if project.environment else ""
    text = f'No KV namespace with binding "{binding}" in {where}{shown(project.path)}'
    known = [name for name, _ in entries(project)]
    elsewhere = [
        namespace.environment
        for namespace in project.config.namespaces()
        if namespace.binding == binding
    ]
    if mistake := _mistake(project.config):
        return text + mistake
    if None in elsewhere:
        return f"{text}: environments do not inherit it from the top level; add it there"
    if elsewhere:
        return f"{text}; it is in --env {listed([str(name) for name in elsewhere], 'or')}"
    other = ", or use --namespace-id" if by_id else ""
    if known:
        return f"{text}; there {_are(known)} {listed(known)}{other}"
    return f"{text}; add it to kv_namespaces there{other}"


def _mistake(config: Config) -> str:
    """Say what makes the config invalid, if anything: it may be why something is not found."""
    from kvlens.config.syntax_check import check_syntax  # late: only where something went wrong
    from kvlens.text import LineIndex

    problem = check_syntax(config.text, config.path)
    if problem is None:
        return ""
    line = LineIndex(config.text).position(problem.span.start).line + 1
    return f"; the file has a mistake in line {line}: {problem.message}"


def _store_url(options: Options) -> str:
    if options.remote:
        raise UsageError(
            "--remote: the real namespaces are the store cloudflare:ACCOUNT_ID; "
            "name it with --store"
        )
    if options.persist_to is not None:
        if options.store is not None:
            raise UsageError("--store and --persist-to both name a store; give one of them")
        return absolute_url(f"{DEFAULT_STORE}{options.persist_to}", Path.cwd())
    url: str = options.store or default_store()
    info = find_store(url)
    if info is not None and not info.shared:
        raise UsageError(
            f"the store {url} lives inside a running emulator; reach it with KVLENS_TOKEN set and "
            "--store http://127.0.0.1:PORT as `kvlens serve` prints them, or keep keys in "
            f"{DEFAULT_STORE}"
        )
    return absolute_url(url, Path.cwd())


# -- the store --------------------------------------------------------------------------------


def with_store(project: Project, action: Callable[[Store], Awaitable[T]]) -> T:
    """Open the store, do something with it, close it.

    Raises StoreError, and UsageError for a URL that names no store.
    """
    import asyncio  # late: --help and wrong use need not wait for it

    async def work() -> T:
        try:
            store = project.open_store()
        except StoreError as error:
            raise UsageError(str(error)) from error
        try:
            return await action(store)
        finally:
            await store.close()

    return asyncio.run(work())


def checked_key(function: str, key: str) -> str:
    """Return the key that `function` (get, put, delete) may use.

    Raises KVError for one that is refused, and UsageError for one that is not UTF-8.
    """
    if has_lone_surrogate(key):
        raise UsageError("the key is not UTF-8 text, and no other can be a key")
    return key_name(function, key)


def damaged_error(damaged: Sequence[DamagedKeyError], rest: str) -> CommandError:
    """Print what is damaged, and return the error that ends the command after the `rest`."""
    print_warnings([str(error) for error in damaged])
    return CommandError(f"{counted(len(damaged), 'key')} damaged; {rest}")


# -- words for people -------------------------------------------------------------------------


def counted(number: int, thing: str) -> str:
    """Return "1 key", "2,000 keys"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return "a, b and c"."""
    return f" {last} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def confirmed(question: str) -> bool:
    """Ask on the terminal; only yes is yes."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def print_json(value: object) -> None:
    """Print JSON as wrangler does, two spaces deep."""
    print(json_text(value))


def json_lines(items: Sequence[object]) -> str:
    """Return the lines of some items of an array as `print_json` has them, without brackets."""
    return json_text(items)[2:-2]


def print_warnings(lines: Sequence[str], count: int | None = None) -> None:
    """Print lines on standard error, not too many; `count` is how many there are in all."""
    for line in capped(lines, count):
        print(line, file=sys.stderr)


def capped(lines: Sequence[str], count: int | None = None) -> list[str]:
    """Return lines for people: not too many, the rest of the `count` in all is counted."""
    count = len(lines) if count is None else count
    more = [f"… and {count - LINES:,} more"] if count > LINES else []
    return [*map(one_line, lines[:LINES]), *more]


def shown(path: Path) -> str:
    """Return a path as short as it can be named from here."""
    try:
        return one_line(path.relative_to(Path.cwd()))
    except ValueError:
        return one_line(path)


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
