"""One namespace in two environments. wrangler accepts it, and it may be intended: a hint.

## What
An environment has an `id` that the top level or an earlier environment has too. Placeholders don't
count. All namespaces that the same environments share are one problem. It isn't reported if a
comment there or right above the environment says that they are shared or that one isn't used, or a
name such as `SHARED_KV`.
Environments whose `name` is the same are one Worker, and the top level of a Pages project is for
local data only if `preview` and `production` have namespaces of their own. So is the top level if
every `wrangler deploy` in package.json's scripts has `--env`, and an environment with a name such
as `local` or `e2e`.

## Why
Staging then writes where production reads. Some projects want exactly that, for data that the
Worker never writes, so this is only information, and you can [turn it off](README.md) for a line.

## Example
```toml
[[env.production.kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[env.staging.kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

## Fix
```toml
[[env.production.kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[env.staging.kv_namespaces]]
binding = "CARTS"
id = "06779da6940b431db6e566b4846d64db"
```
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from kvlens.config.model import Config, Entry, Environment
from kvlens.lint.base import ConfigRule, Finding, Related
from kvlens.lint.bindings_by_env import bindings_by_env
from kvlens.lint.deploys.local_environments import is_local_environment
from kvlens.lint.ids import is_real
from kvlens.lint.shared_on_purpose import is_shared_on_purpose, says_shared
from kvlens.lint.wording import listed, quoted

_MOST = 20  # places of one group that are shown
_OF_PAGES = {"preview", "production"}  # the environments of a Pages project
_Place = tuple[str | None, Entry]  # of an id: the environment, and the entry there


def _check(config: Config) -> Iterator[Finding]:
    groups: dict[tuple[str | None, ...], list[list[_Place]]] = {}  # by the environments
    for value, places in _by_id(config).items():
        if len(places) < 2 or not is_real(value):
            continue
        if not is_shared_on_purpose(config, *(entry for _, entry in places[:_MOST])):
            groups.setdefault(tuple(name for name, _ in places), []).append(places)
    for names, ids in groups.items():
        if says_shared(config, *_named(config, names)):
            continue
        field = ids[0][1][1].get("id")
        assert field
        bindings = [name for places in ids if (name := places[0][1].text_of("binding"))]
        what = "a namespace"
        if bindings:
            what = f"the namespace{'s' if len(ids) > 1 else ''} {listed(bindings)}"
        yield Finding(
            field.value_span,
            f"{_environments(names)} share {what}: each reads what the others write. "
            "Use a separate namespace for each.",
            related=tuple(islice(_related(ids), _MOST)),
        )


def _named(config: Config, names: Iterable[str | None]) -> Iterator[Environment]:
    found = (config.environment(name) for name in names if name is not None)
    return (environment for environment in found if environment is not None)


def _by_id(config: Config) -> dict[str, list[_Place]]:
    """Return where each id is: its first entry in every environment that has it."""
    found: dict[str, dict[int, _Place]] = {}  # by the place of the entry: in code, one can be
    # that of several modes
    seen: set[tuple[str, str]] = set()  # ids by the Worker's name: one is deployed for the other
    environments = bindings_by_env(config)
    named = {env.environment.name for env in environments if env.entries}
    is_top_local = named >= _OF_PAGES and bool(config.root.get("pages_build_output_dir"))
    for environment, entries, _, _, _, by_id in environments:
        if environment.name is None and is_top_local:
            continue
        if is_local_environment(config, environment):
            continue
        worker = _worker(environment)
        for value, place in by_id.items():
            if value is None or (worker is not None and (worker, value) in seen):
                continue
            if worker is not None:
                seen.add((worker, value))
            entry = entries[place]
            found.setdefault(value, {}).setdefault(entry.base, (environment.name, entry))
    return {value: list(places.values()) for value, places in found.items()}


def _worker(environment: Environment) -> str | None:
    """Return the name that an environment itself gives its Worker, if any."""
    node = next((definition.node for definition in environment.table.get("name")), None)
    return str(node.value) if node is not None and node.kind == "string" else None


def _environments(names: Sequence[str | None]) -> str:
    named = [name for name in names if name is not None]
    noun = "environment" if len(named) == 1 else "environments"
    return f"{'The top level and the' if None in names else 'The'} {noun} {listed(named)}"


def _related(ids: list[list[_Place]]) -> Iterator[Related]:
    for number, places in enumerate(ids):
        for at, (name, entry) in enumerate(places):
            field = entry.get("id")
            if field is not None and (number, at) != (0, 1):
                where = "the top level" if name is None else f"environment {quoted(name)}"
                yield Related(field.value_span, f"the same id at {where}")


RULE = ConfigRule(
    "id-shared",
    "information",
    "Two environments use the same namespace",
    _check,
)
