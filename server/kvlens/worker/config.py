"""Read a Worker's settings for one environment from its config, as wrangler does.

Source of the inheritance rules: workers-sdk, `normalizeAndValidateEnvironment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kvlens.config.find import ConfigError
from kvlens.config.load import read_plain
from kvlens.worker import dotenv
from kvlens.worker.errors import WorkerError
from kvlens.worker.fields import (
    DATE,
    FLAG,
    PORT,
    TABLE,
    TABLES,
    TEXT,
    TEXT_TABLE,
    TEXTS,
    FieldError,
    Shape,
    check,
    each,
    either,
    list_of,
    one_of,
    table,
)
from kvlens.worker.hosts import is_loopback

# Lists whose entries are bound under `name`, possibly in a nested table.
_NAMED = {"durable_objects", "send_email", "ratelimits", "unsafe", "logfwdr"}
_RUN = {"kv_namespaces", "vars", "wasm_modules", "text_blobs", "data_blobs"}


@dataclass(frozen=True)
class Rule:
    """Files that are imported unchanged: `type` is Text, Data or CompiledWasm."""

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
class WorkerConfig:
    """How to build and run one Worker."""

    folder: Path
    main: Path | None = None
    name: str = ""
    compatibility_date: str | None = None
    compatibility_flags: tuple[str, ...] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Binding -> the namespace's id in the store."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """`vars` and secrets: strings, or anything with a JSON form."""
    blobs: Mapping[str, tuple[str, Path]] = field(default_factory=dict)
    """Of service workers: binding -> (wasm, text or data; file)."""
    rules: tuple[Rule, ...] = DEFAULT_RULES
    globs: tuple[tuple[str, str], ...] = ()
    """Type and pattern of the files that `find_modules` adds."""
    bundle: bool = True
    find_modules: bool | None = None
    """`find_additional_modules`: whether to add files that nothing imports."""
    base: Path | None = None
    """`base_dir`: the folder that modules are named relative to."""
    port: int | None = None
    """`dev.port`."""
    is_pages: bool = False
    """Whether this is a Pages project."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options for esbuild: define, alias, tsconfig, jsx_factory, minify, …"""
    command: str | None = None
    """`build.command`: run before each build."""
    command_folder: Path | None = None
    watch: tuple[Path, ...] = ()
    """`build.watch_dir`: where a change runs `command` again."""
    unsupported: tuple[str, ...] = ()
    """Declared bindings that aren't supported here, such as "DB (d1_databases)"."""
    warnings: tuple[str, ...] = ()

    @property
    def notices(self) -> list[str]:
        """Return what the user should know about the config, one text each."""
        if not self.unsupported:
            return list(self.warnings)
        return [
            *self.warnings,
            f"not supported, so undefined in the Worker: {', '.join(self.unsupported)}; KV Lens "
            "supports KV namespaces, vars and secrets",
        ]

    def secrets_files(self, environment: str | None) -> list[Path]:
        """Return the files that variables come from, whether they exist or not."""
        folder = self.folder
        return [*dotenv.places(folder, environment), *dotenv.env_files(folder, environment)]


_RULE = table({"type": TEXT, "globs": TEXTS, "fallthrough": FLAG})
_DEV = {"port": PORT, "ip": TEXT, "local_protocol": one_of("http", "https"), "host": TEXT}
_BUILD = {
    "command": TEXT,
    "cwd": TEXT,
    "watch_dir": either(TEXT, TEXTS),
}
FIELDS: dict[str, Shape] = {
    # every field that is read here, and its type
    "name": TEXT,
    "main": TEXT,
    "pages_build_output_dir": TEXT,
    "compatibility_date": DATE,
    "compatibility_flags": TEXTS,
    "kv_namespaces": TABLES,
    "vars": TABLE,
    "secrets": table({"required": TEXTS}),
    "wasm_modules": TEXT_TABLE,
    "text_blobs": TEXT_TABLE,
    "data_blobs": TEXT_TABLE,
    "rules": list_of(_RULE, "a list of tables"),
    "no_bundle": FLAG,
    "find_additional_modules": FLAG,
    "base_dir": TEXT,
    "build": table(_BUILD),
    "define": TEXT_TABLE,
    "alias": TEXT_TABLE,
    "tsconfig": TEXT,
    "jsx_factory": TEXT,
    "jsx_fragment": TEXT,
    "minify": FLAG,
    "keep_names": FLAG,
    "dev": table(_DEV),
    "env": each(table({}), "a table of environments"),
}
_BLOBS = {"wasm_modules": "wasm", "text_blobs": "text", "data_blobs": "data"}
_INHERITED = {
    *("name", "main", "compatibility_date", "compatibility_flags", "rules", "no_bundle"),
    *("find_additional_modules", "base_dir", "build", "alias", "tsconfig", "jsx_factory"),
    *("jsx_fragment", "minify", "keep_names"),
}
_OF_THE_TOP = {*_BLOBS, "dev", "pages_build_output_dir"}
_TO_ESBUILD = ("define", "alias", "tsconfig", "jsx_factory", "jsx_fragment", "minify", "keep_names")


def read_worker_config(path: Path, environment: str | None = None) -> WorkerConfig:
    """Read the config at `path` for an environment (None: the top level).

    Raises ConfigError for an invalid config or an unknown environment, and WorkerError for a
    `.dev.vars` that can't be read.
    """
    path = path.absolute()
    config = _Reader(path, read_plain(path), environment)
    folder = path.parent
    main, build = config.get("main"), config.get("build", {})
    watch = build.get("watch_dir") or "./src"
    rules, warnings = _rules(config.get("rules", []))
    date = config.get("compatibility_date")
    listens = config.get("dev", {})
    warnings += _unsupported_dev_fields(listens)
    secrets = config.get("secrets")
    required = None if secrets is None else secrets.get("required") or []
    variables = config.get("vars", {})
    namespaces = _namespaces(config.get("kv_namespaces", []))
    _check_names(namespaces, variables)
    warnings += _unusable(namespaces)
    found = dotenv.read(folder, environment, required)
    if required is not None:
        found = {name: found[name] for name in (*variables, *required) if name in found}
        missing = [name for name in required if name not in found]
        if missing:
            warnings.append(
                f"required secrets are missing: {', '.join(missing)}; add them to .dev.vars or "
                ".env, or set them in the environment of this command"
            )
    return WorkerConfig(
        folder=folder,
        main=folder / main if main else None,
        is_pages=config.get("pages_build_output_dir") is not None,
        name=config.get("name", ""),
        port=listens.get("port"),
        compatibility_date=None if date is None else str(date),
        compatibility_flags=tuple(config.get("compatibility_flags", [])),
        namespaces=namespaces,
        variables={**variables, **found},
        blobs={
            binding: (kind, folder / file)
            for name, kind in _BLOBS.items()
            for binding, file in config.get(name, {}).items()
        },
        rules=rules,
        globs=_globs(config.get("rules", [])),
        bundle=not config.get("no_bundle", False),
        find_modules=config.get("find_additional_modules"),
        base=folder / base if (base := config.get("base_dir")) else None,
        options={name: value for name in _TO_ESBUILD if (value := config.get(name)) is not None},
        command=build.get("command") or None,
        command_folder=folder / (build.get("cwd") or "."),
        watch=tuple(folder / name for name in (watch if isinstance(watch, list) else [watch])),
        unsupported=tuple(_unsupported_bindings(config.own)),
        warnings=tuple(warnings),
    )


class _Reader:
    """The fields of one environment, checked against `FIELDS`."""

    def __init__(self, path: Path, data: dict[str, Any], environment: str | None) -> None:
        """Raises ConfigError for an invalid value or an unknown environment."""
        self._path = path
        self._top = data
        self._check(data, "")
        self.own = _environment(data, path, environment)
        if environment is not None:
            self._check(self.own, f"env.{environment}.")

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field's value, or the default if it is missing or null."""
        value = (self._top if name in _OF_THE_TOP else self.own).get(name)
        if value is None and name in _INHERITED:
            value = self._top.get(name)
        return default if value is None else value

    def _check(self, data: dict[str, Any], place: str) -> None:
        try:
            for name, shape in FIELDS.items():
                if data.get(name) is not None:
                    check(f"{place}{name}", data[name], shape)
        except FieldError as error:
            raise ConfigError(f"{self._path}: {error}") from error


def _unsupported_dev_fields(dev: Mapping[str, Any]) -> list[str]:
    """Return warnings about fields of `dev` that aren't supported here."""
    refused: list[str] = []
    ip = dev.get("ip")
    if ip is not None and not is_loopback(ip):
        refused.append(
            f'dev.ip = "{ip}" is not used: KV Lens listens only on 127.0.0.1 and ::1, so that '
            "nobody on the network can reach the Worker and its keys"
        )
    if dev.get("local_protocol") == "https":
        refused.append('dev.local_protocol = "https" is not used: KV Lens serves only HTTP')
    return refused


def _environment(data: dict[str, Any], path: Path, environment: str | None) -> dict[str, Any]:
    if environment is None:
        return data
    known = data.get("env") or {}
    if environment not in known:
        there = ", ".join(known) or "none"
        raise ConfigError(
            f'{path}: no environment "{environment}"; the environments in it are: {there}'
        )
    found: dict[str, Any] = known[environment] or {}
    return found


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _namespaces(entries: list[Any]) -> dict[str, str]:
    """Return binding -> store id of the usable entries, with the ids of `wrangler dev`."""
    found: dict[str, str] = {}
    for entry in entries:
        binding = _table(entry).get("binding")
        if isinstance(binding, str) and binding and binding not in found:
            ids = (entry.get("preview_id"), entry.get("id"))
            found[binding] = next((one for one in ids if isinstance(one, str) and one), binding)
    return found


def _check_names(namespaces: Mapping[str, str], variables: Mapping[str, Any]) -> None:
    """Raise WorkerError for names that collide or that no request can carry."""
    for binding, store_id in namespaces.items():
        if binding in variables:  # wrangler dev rejects it too
            raise WorkerError(
                f'"{binding}" is a KV namespace and also in vars; bindings must have unique names, '
                "so rename one of them"
            )
        if any(char < " " or char == "\x7f" for char in store_id):
            raise WorkerError(
                f"kv_namespaces: the id of {binding} is {store_id!a:.80}, which has a control "
                f"character and can't be sent in a request; use letters and digits"
            )


def _unusable(namespaces: Mapping[str, str]) -> list[str]:
    if "__proto__" not in namespaces:
        return []
    return ['kv_namespaces: a binding "__proto__" is ignored: env can\'t have it; rename it']


def _rules(raw: list[Any]) -> tuple[tuple[Rule, ...], list[str]]:
    rules: list[Rule] = []
    warnings: list[str] = []
    for entry in raw:
        kind = entry.get("type")
        for glob in entry.get("globs") or ():
            suffix = glob.rpartition("*")[2]
            if kind in ("ESModule", "CommonJS"):
                continue  # scripts, which the bundler finds through imports
            if kind in ("Text", "Data", "CompiledWasm") and suffix.startswith("."):
                rules.append(Rule(kind, suffix.removesuffix("?module")))
            else:
                warnings.append(f'rules: {kind} files as "{glob}" are left out; use "**/*.suffix"')
    known = {rule.suffix for rule in rules}
    return (*rules, *(rule for rule in DEFAULT_RULES if rule.suffix not in known)), warnings


def _globs(raw: list[Any]) -> tuple[tuple[str, str], ...]:
    """Return the type and pattern of all files that become modules."""
    found = [(entry.get("type") or "", glob) for entry in raw for glob in entry.get("globs") or ()]
    return (*found, *((rule.type, f"**/*{rule.suffix}") for rule in DEFAULT_RULES))


def _unsupported_bindings(own: dict[str, Any]) -> Iterator[str]:
    """Yield unsupported bindings, including types that later versions of wrangler may add."""
    for name, value in own.items():
        if name in _RUN or name == "env":
            continue
        found = [binding for binding in _bindings(name, value) if binding]
        if found and name == "other":  # of a config in code
            yield from dict.fromkeys(found)
        elif found:
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
