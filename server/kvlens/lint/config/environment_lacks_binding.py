"""An environment without a binding of the top level. Wrangler: V9 and V10 of its validation.

KV namespaces aren't inherited: a Worker has only those that its environment lists. wrangler also
warns, but only about the selected environment.

## What
The top level binds a namespace, and an environment doesn't bind one with that name. Each
environment gets one problem that names everything missing. It isn't reported in tests, fixtures,
templates, examples and backups, nor with variables for ids (`${KV_ID}`) in a config that nothing
names, nor if the environment's `[[env.NAME.kv_namespaces]]`, or the binding in its array, is in a
comment.

## Why
`kv_namespaces` isn't inherited: with `--env staging` the Worker has what `env.staging` lists and
nothing else. wrangler warns about it too, but only for the environment that you deploy, when it's
late, and it names a field, `env.staging.kv_namespaces.bindings`, that doesn't exist.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[env.staging]
name = "shop-staging"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[env.staging]
name = "shop-staging"

[[env.staging.kv_namespaces]]
binding = "CARTS"
id = "06779da6940b431db6e566b4846d64db"
```

If an environment doesn't need KV, say so in a comment after its name:
`[env.test] # kvlens-disable-line environment-lacks-binding`.

*Quick fixes: give a namespace below the environment's header to it, or add the bindings to this
environment, or to every environment that lacks some.
Without an id, `wrangler deploy` creates the namespace.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import PurePath
from typing import NamedTuple

from kvlens.config.comments import comments
from kvlens.config.edit import Edit, add_bindings, list_path, place_of
from kvlens.config.find import CONFIG_NAMES, is_named
from kvlens.config.model import Config, Entry, Environment
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.bindings_by_env import bindings_by_env, environments_above
from kvlens.lint.deploys.fixtures import is_fixture
from kvlens.lint.env_names import TABLES
from kvlens.lint.fix_helpers import can_extend, header_for
from kvlens.lint.ids import is_variable
from kvlens.lint.misplaced_lists import misplaced_lists
from kvlens.lint.wording import listed, path_of, quoted
from kvlens.memo import memo
from kvlens.text import Span

# Tables of an environment: one inside `[env]` is probably moving to the `[env.NAME]` above it.
_NO_NAMES = frozenset(
    (
        *TABLES,
        "assets",
        "build",
        "cache",
        "define",
        "limits",
        "observability",
        "placement",
        "triggers",
    )
)
_PREPARED = re.compile(r"(?m)^[ \t]*#[# \t]*\[\[env\.([\w-]+)\.kv_namespaces\]\]")
_LEFT_OUT = re.compile(r"\bbinding[\"']?\s*[:=]\s*[\"']([^\"'\s]+)[\"']")
_MOST = 10  # related places shown for missing bindings
_WRITTEN = 10_000  # bindings that one fix adds


class _Missing(NamedTuple):
    """An environment and the top-level bindings that it lacks."""

    environment: Environment
    number: int
    wanted: list[str]
    here: Mapping[str | None, int]

    def names(self, most: int | None = None) -> list[str]:
        """Return the names, up to `most`: there can be as many as bindings times environments."""
        return [*islice((name for name in self.wanted if name not in self.here), most)]


@memo
def _missing(config: Config) -> dict[Span, _Missing]:
    """Return what environments lack, each by where it is reported."""
    found: dict[Span, _Missing] = {}
    top, *others = bindings_by_env(config)
    wanted = [name for name in top.by_binding if name is not None]
    elsewhere = _elsewhere(config) if others and wanted else {}
    for env in others if wanted else ():
        environment, here = env.environment, env.by_binding
        if more := elsewhere.get(environment.name):
            here = here | more
        if left_out := _left_out(config, environment):
            here = here | left_out
        count = len(wanted) - sum(name is not None and name in top.by_binding for name in here)
        if any(kv.broken for kv in environment.kv) and config.is_code:
            continue  # it may have others
        if not count or environment.key_span is None or environment.name in _NO_NAMES:
            continue
        if environment.name in _prepared(config):
            continue
        found[environment.key_span] = _Missing(environment, count, wanted, here)
    return found


@memo
def _elsewhere(config: Config) -> dict[str | None, dict[str | None, int]]:
    """Return what environments have in lists with a wrong name or place, reported elsewhere."""
    found: dict[str | None, dict[str | None, int]] = {}
    for one in misplaced_lists(config):
        names = [name for entry in one.entries if (name := entry.text_of("binding"))]
        found.setdefault(one.environment, {}).update(dict.fromkeys(names, -1))
    return found


@memo
def _prepared(config: Config) -> frozenset[str]:
    """Return the environments whose namespaces are in a comment: left out on purpose for now."""
    if not config.is_toml or "kv_namespaces" not in config.text:
        return frozenset()
    return frozenset(_PREPARED.findall(config.text))


def _left_out(config: Config, environment: Environment) -> dict[str | None, int]:
    """Return the bindings that are in comments inside the array of an environment."""
    names = (
        name
        for kv in environment.kv
        for comment in comments(
            config.text, syntax=config.syntax, start=kv.span.start, end=kv.span.end
        )
        for name in _LEFT_OUT.findall(config.text[slice(*comment)])
    )
    return dict.fromkeys(names, -1)


def _is_template(config: Config) -> bool:
    """Return whether a config has variables for ids, under a name that nothing looks for."""
    if PurePath(config.path).name in CONFIG_NAMES:
        return False
    ids = bindings_by_env(config)[0].ids
    return any(value and is_variable(value) for value in ids) and not is_named(config.path)


def _check(config: Config) -> Iterator[Finding]:
    if is_fixture(config.path) or _is_template(config):
        return
    for span, missing in _missing(config).items():
        environment, count = missing.environment, missing.number
        names = missing.names(_MOST)
        noun = "binding" if count == 1 else "bindings"
        yield Finding(
            span,
            f"The environment {quoted(environment.name or '')} lacks the {noun} "
            f"{listed(names, count)} of the top level. KV namespaces are not inherited: "
            f"add {'it' if count == 1 else 'them'} to {path_of(environment)}"
            + (
                ", or, if the [[kv_namespaces]] below the environment's header is meant for it, "
                f"write [[{list_path(environment.name)}]]."
                if environment.name in _meant(config)
                else "."
            )
            if not config.is_code
            else f"With the mode {quoted(environment.name or '')}, the {noun} "
            f"{listed(names, count)} of other modes {'is' if count == 1 else 'are'} missing. Add "
            f"{'it' if count == 1 else 'them'} to what the mode returns.",
            related=tuple(_bound(config, names)),
        )


@memo
def _meant(config: Config) -> dict[str | None, list[Entry]]:
    """Return the entries of the top level whose `[[kv_namespaces]]` is below an environment."""
    above = environments_above(config)
    found: dict[str | None, list[Entry]] = {}
    for entry in bindings_by_env(config)[0].entries if above else ():
        if one := above.get(entry.base):
            found.setdefault(one.environment.name, []).append(entry)
    return found


def _bound(config: Config, names: list[str]) -> Iterator[Related]:
    top = bindings_by_env(config)[0]
    for name in names:
        field = top.entries[top.by_binding[name]].get("binding")
        assert field
        yield Related(field.value_span, f"{quoted(name)} is bound here")


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    here = _missing(config).get(problem.span)
    if here and (name := here.environment.name) and (meant := _meant(config).get(name)):
        edits = tuple(header_for(config, entry, name) for entry in meant)
        yield Fix(f"Write [[{list_path(name)}]]", edits)
    if here and can_extend(config, here.environment):
        name = here.environment.name
        where = place_of(config, name) if config.is_code else f"env.{name}"
        title = f"Add {listed(here.names(_MOST), here.number)} to {where}"
        yield Fix(title, (add_bindings(config, here.environment, here.names()),))
    if everywhere := _everywhere(config):
        yield Fix("Add all missing namespaces to every environment", everywhere)


@memo
def _everywhere(config: Config) -> tuple[Edit, ...]:
    """Return the edits that add all that is missing; none if that is too much or just one."""
    missing = [one for one in _missing(config).values() if can_extend(config, one.environment)]
    if len(missing) < 2 or sum(found.number for found in missing) > _WRITTEN:
        return ()
    added = (add_bindings(config, found.environment, found.names()) for found in missing)
    return tuple(dict.fromkeys(added))


RULE = ConfigRule(
    "environment-lacks-binding",
    "warning",
    "An environment lacks a namespace that the top level has",
    _check,
    _fixes,
)
