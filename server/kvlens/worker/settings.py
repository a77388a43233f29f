"""What a config says of its Worker, for one environment, as wrangler reads it.

Source of what an environment inherits: workers-sdk, `normalizeAndValidateEnvironment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kvlens.config.find import ConfigError
from kvlens.config.plain import read_plain

from . import dotenv

# Bindings that are called `name`, in lists that may lie one table deeper.
_NAMED = {"durable_objects", "send_email", "ratelimits", "unsafe", "logfwdr"}
_RUN = {"kv_namespaces", "vars", "wasm_modules", "text_blobs", "data_blobs"}


@dataclass(frozen=True)
class Rule:
    """Files that are imported as they are: `type` is Text, Data or CompiledWasm."""

    type: str
    suffix: str


DEFAULT_RULES = (
    Rule("Text", ".txt"),
    Rule("Text", ".html"),
    Rule("Text", ".sql"),
    Rule("Data", ".bin"),
    Rule("CompiledWasm", ".wasm"),
)


@dataclass(frozen=True)
class Settings:
    """How to build and run one Worker."""

    folder: Path
    main: Path | None = None
    name: str = ""
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Binding -> the namespace's id in the store."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """`vars` and secrets: text, or anything with a JSON form."""
    blobs: Mapping[str, tuple[str, Path]] = field(default_factory=dict)
    """Of service workers: binding -> (wasm, text or data; file)."""
    rules: tuple[Rule, ...] = DEFAULT_RULES
    bundle: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the config says to esbuild: define, alias, tsconfig, jsx_factory, minify, …"""
    command: str | None = None
    """`build.command`: run before each build."""
    command_folder: Path | None = None
    watch: tuple[Path, ...] = ()
    """`build.watch_dir`: where a change runs `command` again."""
    absent: tuple[str, ...] = ()
    """What the config declares and is not run here, such as "DB (d1_databases)"."""
    warnings: tuple[str, ...] = ()

    @property
    def notices(self) -> list[str]:
        """Return what the user should know of the config, a text each."""
        if not self.absent:
            return list(self.warnings)
        return [
            *self.warnings,
            f"not run here, and undefined in the Worker: {', '.join(self.absent)}; KV Lens gives "
            "a Worker its KV namespaces, vars and secrets",
        ]

    def secrets_files(self, environment: str | None) -> list[Path]:
        """Return the files that variables come from, there or not."""
        folder = self.folder
        return [*dotenv.places(folder, environment), *dotenv.env_files(folder, environment)]


def read_settings(path: Path, environment: str | None = None) -> Settings:
    """Return what the config at `path` says for an environment (None: the top level).

    Raises ConfigError for a config that cannot be used and for an environment it lacks, and
    WorkerError for a `.dev.vars` that cannot be read.
    """
    path = path.absolute()
    data = read_plain(path)
    own = _environment(data, path, environment)
    folder = path.parent

    def inherited(name: str, kind: type, default: Any = None) -> Any:
        value = own.get(name, data.get(name, default))
        if value is not None and not isinstance(value, kind):
            raise ConfigError(f"{path}: {name} should be a {_KINDS[kind]}, not {value!r}")
        return value

    main = inherited("main", str)
    build = inherited("build", dict, {})
    watch = build.get("watch_dir", "./src")
    flags = inherited("compatibility_flags", list, [])
    rules, warnings = _rules(inherited("rules", list, []))
    options = {name: inherited(name, object) for name in _FROM_ANYWHERE}
    options["define"] = own.get("define")
    blobs = {
        binding: (kind, folder / file)
        for table, kind in (
            ("wasm_modules", "wasm"),
            ("text_blobs", "text"),
            ("data_blobs", "data"),
        )
        for binding, file in _table(data.get(table)).items()
    }
    variables = {**_table(own.get("vars")), **dotenv.read(folder, environment)}
    date = inherited("compatibility_date", object)
    return Settings(
        folder=folder,
        main=folder / main if main else None,
        name=str(own.get("name") or data.get("name") or ""),
        compatibility_date=None if date is None else str(date),
        compatibility_flags=tuple(str(flag) for flag in flags),
        namespaces=_namespaces(own),
        variables=variables,
        blobs=blobs,
        rules=rules,
        bundle=not inherited("no_bundle", bool, False),
        options={name: value for name, value in options.items() if value is not None},
        command=build.get("command") or None,
        command_folder=folder / build.get("cwd", "."),
        watch=tuple(folder / name for name in (watch if isinstance(watch, list) else [watch])),
        absent=tuple(_absent(own)),
        warnings=tuple(warnings),
    )


_BLOBS = {"wasm_modules": "wasm", "text_blobs": "text", "data_blobs": "data"}
_KINDS = {str: "text", bool: "true or false", list: "list", dict: "table"}
_FROM_ANYWHERE = (
    *("alias", "tsconfig", "jsx_factory", "jsx_fragment", "minify", "keep_names"),
    "base_dir",
)


def _environment(data: dict[str, Any], path: Path, environment: str | None) -> dict[str, Any]:
    if environment is None:
        return data
    known = _table(data.get("env"))
    if environment not in known:
        there = ", ".join(known) or "none"
        raise ConfigError(
            f'{path}: no environment "{environment}"; the environments in it are: {there}'
        )
    return _table(known[environment])


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _namespaces(own: dict[str, Any]) -> dict[str, str]:
    """Return binding -> store id of the usable entries; the id rule is that of `wrangler dev`."""
    found: dict[str, str] = {}
    entries = own.get("kv_namespaces")
    for entry in entries if isinstance(entries, list) else []:
        binding = _table(entry).get("binding")
        if isinstance(binding, str) and binding and binding not in found:
            ids = (entry.get("preview_id"), entry.get("id"))
            found[binding] = next((one for one in ids if isinstance(one, str) and one), binding)
    return found


def _rules(raw: list[Any]) -> tuple[tuple[Rule, ...], list[str]]:
    rules: list[Rule] = []
    warnings: list[str] = []
    for entry in raw:
        kind = _table(entry).get("type")
        for glob in _table(entry).get("globs") or ():
            suffix = glob.rpartition("*")[2]
            if kind in ("ESModule", "CommonJS"):
                continue  # scripts: the bundler finds them by their imports
            if kind in ("Text", "Data", "CompiledWasm") and suffix.startswith("."):
                rules.append(Rule(kind, suffix.removesuffix("?module")))
            else:
                warnings.append(f'rules: {kind} files as "{glob}" are left out; use "**/*.suffix"')
    known = {rule.suffix for rule in rules}
    return (*rules, *(rule for rule in DEFAULT_RULES if rule.suffix not in known)), warnings


def _absent(own: dict[str, Any]) -> Iterator[str]:
    """Yield what binds something that is not run here; also what later wranglers may add."""
    for name, value in own.items():
        if name in _RUN or name == "env":
            continue
        found = [binding for binding in _bindings(name, value) if binding]
        if found:
            yield f"{', '.join(dict.fromkeys(found))} ({name})"
        elif name in ("assets", "site"):
            yield name


def _bindings(field_name: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _bindings(field_name, item)
    elif isinstance(value, dict):
        own = value.get("binding", value.get("name") if field_name in _NAMED else None)
        if isinstance(own, str):
            yield own
            return
        for inner in value.values():
            if isinstance(inner, (list, dict)):
                yield from _bindings(field_name, inner)
