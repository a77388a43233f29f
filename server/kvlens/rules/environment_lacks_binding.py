"""An environment without a binding of the top level. Wrangler: V9 and V10 of its validation.

KV namespaces are not inherited: what an environment does not list, its Worker does not have.
wrangler warns too, yet only of the environment that is selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Config, Environment
from kvlens.config.edit import add_bindings
from kvlens.rules.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.rules.columns import columns
from kvlens.rules.mending import can_extend
from kvlens.rules.names import TABLES
from kvlens.rules.values import listed, path_of, quoted

# Tables of an environment: one that `[env]` holds is on its way to `[env.NAME]` above it.
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
_MOST = 10  # places of missing bindings that are shown


def _missing(config: Config) -> Iterator[tuple[Environment, list[str]]]:
    top, *others = columns(config)
    wanted = dict.fromkeys(name for name in top.bindings if name is not None)
    for environment, _, bindings, _ in others if wanted else ():
        lacking = wanted.keys() - set(bindings)
        if not lacking or environment.key_span is None or environment.name in _NO_NAMES:
            continue
        yield environment, [name for name in wanted if name in lacking]


def _check(config: Config) -> Iterator[Finding]:
    for environment, names in _missing(config):
        assert environment.key_span
        noun = "binding" if len(names) == 1 else "bindings"
        yield Finding(
            environment.key_span,
            f"The environment {quoted(environment.name or '')} lacks the {noun} "
            f"{listed(names)} of the top level. KV namespaces are not inherited: "
            f"add {'it' if len(names) == 1 else 'them'} to {path_of(environment)}.",
            related=tuple(_bound(config, names[:_MOST])),
        )


def _bound(config: Config, names: list[str]) -> Iterator[Related]:
    top = columns(config)[0]
    for name in names:
        field = top.entries[top.bindings.index(name)].get("binding")
        assert field
        yield Related(field.value_span, f"{quoted(name)} is bound here")


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    missing = [found for found in _missing(config) if can_extend(config, found[0])]
    for environment, names in missing:
        if environment.key_span == problem.span:
            title = f"Add {listed(names)} to env.{environment.name}"
            yield Fix(title, (add_bindings(config, environment, names),))
    if len(missing) > 1:
        edits = tuple(add_bindings(config, *found) for found in missing)
        yield Fix("Add what is missing to every environment", edits)


RULE = ConfigRule(
    "environment-lacks-binding",
    "warning",
    "An environment lacks a namespace that the top level has",
    _check,
    _fixes,
)
