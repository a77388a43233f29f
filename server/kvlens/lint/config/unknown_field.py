"""An unknown field of a namespace. Wrangler: V8 of its validation, also a warning.

## What
A namespace has a field other than `binding`, `id`, `preview_id` and `remote`. The message names the
nearest of them. A field of the Worker itself, such as `main` or `workers_dev`, is also reported if
it's below a namespace's header: in TOML it belongs to that table.

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
is moved above the first header.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.convert import to_top
from kvlens.config.edit import remove_field, rename_key
from kvlens.config.model import Config, Entry
from kvlens.lint.base import EntryRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import entry_at
from kvlens.lint.wording import quoted

# workers-sdk, workers-utils' config validation (4.164.0)
FIELDS = ("binding", "id", "preview_id", "remote")
# Top-level fields: after a header, they end up in its table.
_OF_THE_TOP = frozenset(
    (
        *("main", "compatibility_date", "compatibility_flags", "account_id", "workers_dev"),
        *("route", "routes", "preview_urls", "pages_build_output_dir", "node_compat", "minify"),
        *("no_bundle", "logpush", "upload_source_maps", "keep_vars", "send_metrics", "tsconfig"),
        *("first_party_worker", "find_additional_modules", "preserve_file_names", "base_dir"),
        *("jsx_factory", "jsx_fragment", "rules", "usage_model", "zone_id", "type", "legacy_env"),
        *("vars", "observability", "assets", "site", "dev", "build", "limits", "placement"),
        *("triggers", "migrations", "define", "alias", "ai", "browser", "version_metadata"),
        *("tail_consumers", "r2_buckets", "d1_databases", "durable_objects", "services", "queues"),
        *("hyperdrive", "vectorize", "analytics_engine_datasets", "send_email", "workflows"),
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
    from difflib import get_close_matches  # late: most entries are valid

    close = get_close_matches(plain, FIELDS, n=1, cutoff=0.6)
    return close[0] if close else None


def _check(entry: Entry) -> Iterator[Finding]:
    if not entry.is_table:
        return
    fields = entry.fields
    present = {field.name for field in fields}
    for field in fields:
        if field.name in FIELDS or (field.broken and field.kind == "missing"):
            continue
        if field.name in _OF_THE_TOP and entry.node.head != entry.node.length:
            yield Finding(
                field.key_span,
                f"{quoted(field.name)} belongs to the Worker, but is below the header of a "
                f"namespace. wrangler takes it for a field of the namespace and ignores it. Move "
                f"it above the "
                "first [header].",
                data={"top": True},
            )
            continue
        nearest = nearest_field(field.name)
        if nearest and nearest not in present:
            way_out = f"Did you mean {quoted(nearest)}?"
        elif nearest:
            way_out = f"Remove it: the namespace already has {quoted(nearest)}."
        else:
            way_out = f"A namespace has {', '.join(FIELDS[:-1])} and {FIELDS[-1]}: remove it."
        yield Finding(
            field.key_span,
            f"A namespace has no field {quoted(field.name)}, so wrangler ignores it. {way_out}",
            data={"nearest": nearest} if nearest and nearest not in present else None,
        )


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
    nearest = data.get("nearest")
    if nearest:
        rename = rename_key(config.text, field.key_span, str(nearest))
        yield Fix(f"Rename to {nearest}", (rename,), safe=True)
    yield Fix(f"Remove {quoted(field.name)}", remove_field(config, entry, field))


RULE = EntryRule(
    "unknown-field",
    "warning",
    "A namespace has a field that wrangler doesn't know",
    _check,
    _fixes,
)
