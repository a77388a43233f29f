"""`remote = true`, with which a Worker under `wrangler dev` writes to production data.

With a separate preview_id, dev uses the preview data: wrangler takes `preview_id ?? id` there
(4.164, wrangler-bundle's conversion of bindings).

## What
A namespace has `remote = true` and an `id` that looks real, and no `preview_id` of its own.

## Why
With `remote = true`, `wrangler dev` and `vite dev` don't simulate the namespace: every `put` and
`delete` of the code you try out goes to the real one. With a `preview_id`, it goes to that
namespace instead.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
remote = true
```

## Fix
Keep it local, or give dev its own namespace:

```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
preview_id = "06779da6940b431db6e566b4846d64db"
remote = true
```

The rule is off by default: anyone who writes `remote = true` mostly means it. Turn it on for a
project whose namespaces hold what no one may change while trying out code, and say where it's
intended: `remote = true # kvlens-disable-line remote-writes`.

*Quick fix: removes `remote`.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Entry
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.fix_helpers import without_field
from kvlens.lint.ids import is_real


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("remote")
    if field is None or field.broken or field.value is not True:
        return
    preview, value = entry.get("preview_id"), entry.text_of("id")
    if is_real(value) and (preview is None or preview.value == value):
        yield Finding(
            field.value_span,
            "With remote = true, a Worker under wrangler dev reads and writes the real namespace, "
            "not a local copy. Add a preview_id for dev, or remove the field."
            if not entry.in_code
            else "With remote: true, the Worker reads and writes the real namespace in "
            "development, not a local copy. Remove it, or use another id in development.",
        )


RULE = EntryRule(
    "remote-writes",
    "warning",
    "remote = true lets dev write production data",
    _check,
    without_field("remote"),
    off_by_default=True,
)
