"""An entry with the same id and preview_id.

wrangler accepts it. There are two ids to keep `wrangler dev --remote` off the production data.
Using one id for both may be intended, so this is only a hint.

## What
A namespace has the same `id` and `preview_id`. Placeholders don't count. It isn't reported if the
comment above or in it says that they are shared, or what `preview_id` is for with `--remote`, nor
with `remote = true`, which says that local development works on real data, nor in a Pages project,
whose `wrangler pages dev` has no `--remote`, or one that package.json runs with the Vite plugin,
and no script with `wrangler dev`, nor in an environment such as `staging` or `dev`, or a
`wrangler.staging.toml`, whose data isn't production's.

## Why
`preview_id` lets `wrangler dev --remote`, and a namespace with `remote = true`, work on data other
than production's. With the same id, they read and write production data. Plain `wrangler dev` isn't
affected: its keys are local.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
preview_id = "0f2ac74b498b48028cb68387c421e279"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
preview_id = "06779da6940b431db6e566b4846d64db"
```

*Quick fixes: remove `preview_id`, or give it a new id, which is enough for local keys.
`kvlens check --fix` removes it.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from kvlens.config.model import Config, Entry, Environment
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.deploys.local_environments import is_run_by_vite
from kvlens.lint.fix_helpers import new_preview_id
from kvlens.lint.ids import is_real
from kvlens.lint.shared_on_purpose import comment_at, is_shared_on_purpose

_OTHER = re.compile(
    r"(?:dev(?:elopment)?|stag(?:e|ing)|preview|tests?(?:ing)?|qa|uat|sandbox|local|e2e|beta)\Z",
    re.IGNORECASE,
)
_REMOTE = ("remote", "experimental_remote")


def _check(entry: Entry) -> Iterator[Finding]:
    value = entry.text_of("preview_id")
    if value is None or value != entry.text_of("id") or not is_real(value):
        return
    field = entry.get("preview_id")
    assert field
    yield Finding(
        field.value_span,
        "The preview_id is the same as the id, so wrangler dev --remote reads and writes "
        "production data. Use the id of another namespace.",
    )


def _is_meant(config: Config, environment: Environment, entry: Entry) -> bool:
    stage = environment.name or PurePath(config.path).stem.rpartition(".")[2]
    if is_shared_on_purpose(config, entry) or _OTHER.match(stage):
        return True
    if any((field := entry.get(name)) and field.value is True for name in _REMOTE):
        return True
    if config.root.get("pages_build_output_dir"):
        return True  # `wrangler pages dev` has no --remote
    if is_run_by_vite(config):
        return True
    text = comment_at(config, entry)
    return "preview_id" in text and "--remote" in text


RULE = EntryRule(
    "id-is-preview-id",
    "information",
    "A preview_id is the same as the id",
    _check,
    new_preview_id,
    _is_meant,
)
