"""An unknown field of a namespace. Wrangler: V8 of its validation, also a warning.

## What
A namespace has a field that the project's wrangler doesn't know. Which ones it knows is in its JSON
schema, `node_modules/wrangler/config-schema.json`: a field that is new there isn't reported, one
that this version lacks is, such as `remote` or `[previews]` in an old one. If wrangler isn't
installed, the fields are `binding`, `id`, `preview_id` and `remote`. The message names the nearest
of them.

A field of the Worker itself, such as `main` or `workers_dev`, is also reported if it's below a
namespace's header: in TOML it belongs to that table.

## Why
wrangler warns with `Unexpected fields found` and ignores the field: with a misspelled `preview_id`,
`wrangler dev` uses other data than you expect.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
previewid = "06779da6940b431db6e566b4846d64db"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
preview_id = "06779da6940b431db6e566b4846d64db"
```

*Quick fix: renames it to the nearest field, or removes it. A field of the Worker, such as `main`,
is moved above the first header. `kvlens check --fix` renames and moves, but removes nothing.*
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from kvlens.config.convert import to_top
from kvlens.config.edit import remove_field, rename_key
from kvlens.config.model import Config, Entry, Environment, Field
from kvlens.config.nodes import Node
from kvlens.config.project_context import read_context
from kvlens.config.wrangler_schema import WranglerSchema, schema_for
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import entry_at
from kvlens.lint.wording import listed, quoted
from kvlens.memo import memo
from kvlens.spelling import nearest

# workers-sdk, workers-utils' config validation (4.164.0)
FIELDS = ("binding", "id", "preview_id", "remote")
_ALWAYS = {"binding", "id", "preview_id"}  # in every version
# Tables that not every wrangler knows, and what in them declares namespaces.
_NEW_TABLES = {"previews": "kv_namespaces", "unsafe": "bindings"}
# Fields of a few versions: from the first to the last, as a lower bound of what is required.
_SHORT_LIVED = {"experimental_remote": ((4, 20, 0), (4, 36, 99))}
# Top-level names: after a header, they end up in its table.
_OF_THE_TOP = frozenset(
    (
        *("main", "compatibility_date", "compatibility_flags", "account_id", "workers_dev"),
        *("route", "routes", "preview_urls", "pages_build_output_dir", "node_compat", "minify"),
        *("no_bundle", "logpush", "upload_source_maps", "keep_vars", "send_metrics", "tsconfig"),
        *("first_party_worker", "find_additional_modules", "preserve_file_names", "base_dir"),
        *("vars", "assets", "observability", "placement", "limits", "triggers", "define", "site"),
        *("tail_consumers", "r2_buckets", "d1_databases", "services", "durable_objects", "queues"),
        *("migrations", "hyperdrive", "vectorize", "ai", "browser", "build", "dev", "alias"),
        *("jsx_factory", "jsx_fragment", "rules", "usage_model", "zone_id", "type", "legacy_env"),
        *("version_metadata", "analytics_engine_datasets", "send_email", "workflows"),
    )
)
# Names for the same thing in older versions, other tools and the API.
_OTHER_NAMES = {
    "experimental_remote": "remote",
    "name": "binding",
    "variable": "binding",
    "namespace": "id",
    "namespace_id": "id",
    "kv_id": "id",
    "uuid": "id",
    "preview": "preview_id",
    "preview_namespace_id": "preview_id",
}


def nearest_field(name: str) -> str | None:
    """Return the field that an unknown name most likely means, if any."""
    plain = name.lower().replace("-", "_").replace(" ", "_")
    if plain in FIELDS:
        return plain
    if plain in _OTHER_NAMES:
        return _OTHER_NAMES[plain]
    return nearest(plain, FIELDS)


def _check(config: Config) -> Iterator[Finding]:
    if config.is_code:
        return  # its types say so
    for environment in config.environments:
        yield from _of_names(config, environment)
        for lists, in_previews in ((environment.kv, False), (environment.previews, True)):
            for entry in (entry for kv in lists for entry in kv.entries):
                if _is_questionable(entry.node):
                    yield from _of_entry(config, entry, in_previews=in_previews)


@memo
def _is_questionable(node: Node) -> bool:
    """Return whether an entry has fields that some version of wrangler doesn't know."""
    names = (member.key[0].name for member in node.members if member.key)
    return node.kind == "table" and any(name not in _ALWAYS for name in names)


def _of_names(config: Config, environment: Environment) -> Iterator[Finding]:
    """Report a table with namespaces that the project's wrangler doesn't know at all."""
    for name in _NEW_TABLES:
        found = environment.table.get(name)
        schema = _schema(config) if found else None
        if schema is None:
            continue
        if name in (schema.top if environment.name is None else schema.environment):
            continue
        for definition in found:
            if definition.table is None or not definition.table.get(_NEW_TABLES[name]):
                continue  # nothing about namespaces in it
            yield Finding(
                definition.key,
                f"wrangler {schema.version}, which is installed for this project, doesn't know "
                f"{quoted(name)} here and ignores it. Update wrangler, or remove it.",
            )


def _of_entry(config: Config, entry: Entry, *, in_previews: bool) -> Iterator[Finding]:
    schema = _schema(config)
    known = None if schema is None else schema.preview_fields if in_previews else schema.fields
    fields = entry.fields
    present = {field.name for field in fields}
    for field in fields:
        name = field.name
        if name in _ALWAYS or (field.broken and field.kind == "missing"):
            continue
        if known is not None and schema is not None and name in known:
            allowed = known[name]
            if allowed is not None and field.kind == "string" and field.value not in allowed:
                values = listed(sorted(allowed))
                yield Finding(
                    field.value_span,
                    f"{quoted(str(field.value))} isn't a value of {quoted(name)}, which wrangler "
                    f"{schema.version} takes: {values}.",
                )
        elif name in FIELDS:
            if known is not None and schema is not None:
                yield Finding(
                    field.key_span,
                    f"wrangler {schema.version}, which is installed for this project, doesn't know "
                    f"{quoted(name)} and ignores it. Update wrangler, or remove it.",
                )
        elif known is not None or not _may_be_known(config, name):
            yield _unknown(entry, field, present, known)


def _unknown(
    entry: Entry, field: Field, present: Set[str], known: Mapping[str, object] | None
) -> Finding:
    if field.name in _OF_THE_TOP and entry.node.head != entry.node.length:
        return Finding(
            field.key_span,
            f"{quoted(field.name)} belongs to the Worker, but is below the header of a "
            f"namespace. wrangler takes it for a field of the namespace and ignores it. Move "
            f"it above the "
            "first [header].",
            data={"top": True},
        )
    meant = nearest_field(field.name)
    if meant and meant not in present:
        way_out = f"Did you mean {quoted(meant)}?"
    elif meant:
        way_out = f"Remove it: the namespace already has {quoted(meant)}."
    else:
        names = list(known or FIELDS)
        way_out = f"A namespace has {', '.join(names[:-1])} and {names[-1]}: remove it."
    return Finding(
        field.key_span,
        f"A namespace has no field {quoted(field.name)}, so wrangler ignores it. {way_out}",
        data={"nearest": meant} if meant and meant not in present else None,
    )


@memo
def _schemas(config: Config) -> list[WranglerSchema | None]:
    return [schema_for(config.path)]


def _schema(config: Config) -> WranglerSchema | None:
    """Return what the project's wrangler knows, read only if there is something to ask."""
    return _schemas(config)[0]


def _may_be_known(config: Config, name: str) -> bool:
    """Return whether the wrangler that the project requires knows a field; none is installed."""
    if name not in _SHORT_LIVED:
        return False
    version = read_context(Path(config.path)).wrangler
    first, last = _SHORT_LIVED[name]
    return version is not None and first <= version <= last


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = entry_at(config, problem.span)
    data = problem.data or {}
    if not found:
        return
    entry = found[1]
    field = entry.field_at(problem.span.start)
    if field is None or field.key_span != problem.span:
        return
    if data.get("top"):
        if edits := to_top(config, entry, field):
            yield Fix(f"Move {field.name} above the first header", edits, safe=True)
        return
    meant = data.get("nearest")
    if meant:
        rename = rename_key(config.text, field.key_span, str(meant))
        yield Fix(f"Rename to {meant}", (rename,), safe=True)
    yield Fix(f"Remove {quoted(field.name)}", remove_field(config, entry, field))


RULE = ConfigRule(
    "unknown-field",
    "warning",
    "A namespace has a field that wrangler doesn't know",
    _check,
    _fixes,
)
