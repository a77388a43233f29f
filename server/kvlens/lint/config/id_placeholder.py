"""An id that is only a placeholder, such as `<YOUR_ID>`.

wrangler accepts it, and `wrangler dev` works; the API rejects it at deploy (code 10042).

## What
`id` is a note to the reader (`<YOUR_ID>`, `your-namespace-id`, `xxxx`), or 32 digits that are
obviously made up, such as all zeros. It isn't reported in tests, fixtures, templates, examples and
backups (by the path of the config or its `main`), nor where it's meant:
- a variable that a script fills in, such as `${KV_ID}` or `{{kv_id}}`
- a text that a CI file or a script replaces, as in `sed -i "s/YOUR_ID/$ID/" wrangler.toml`
- an id that says it isn't used, such as `<ignored>`
- made-up digits of the top level, for local data, if an environment has real ids, or if scripts of
  package.json run `wrangler dev` and none deploys
- any placeholder beside environments with real ids, if it's in one for tests or local data, or at
  the top level and every `wrangler deploy` in package.json's scripts has `--env`
- a config that scripts name for `wrangler dev` only: `wrangler dev --config wrangler.dev.toml`
- a Worker whose `name` says that it's local: `name = "shop-local"`
- next to a README with a *Deploy to Cloudflare* button, which creates the namespaces
- in a project for others to deploy: its README, next to the config or at the top of the repository,
  says how to clone or fork it and to run `wrangler kv namespace create`

## Why
wrangler accepts any text, and `wrangler dev` works, because the id is only a name for local data.
`wrangler deploy` then fails in the API: `KV namespace '<YOUR_ID>' is not valid` (code 10042).

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "<YOUR_KV_NAMESPACE_ID>"
```

## Fix
Create a namespace with `wrangler kv namespace create CARTS`, or use an id that `wrangler kv
namespace list` shows:

```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

Or leave the field out, and let `wrangler deploy` create a namespace:

```toml
[[kv_namespaces]]
binding = "CARTS"
```

*Quick fix: removes the field.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config, Entry, Environment
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.deploys.deployed_by_others import is_deployed_by_others
from kvlens.lint.deploys.filled_in import is_filled_in
from kvlens.lint.deploys.fixtures import is_example
from kvlens.lint.deploys.local_environments import (
    is_local_environment,
    is_local_worker,
    is_named_in_dev,
    is_only_developed,
)
from kvlens.lint.deploys.local_ids import is_local
from kvlens.lint.fix_helpers import without_field
from kvlens.lint.ids import is_made_up, is_placeholder, is_variable, says_unused
from kvlens.lint.wording import quoted, usable


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("id")
    value = usable(field)
    if field and value and is_placeholder(value):
        yield Finding(
            field.value_span,
            f"The id {quoted(value)} is a placeholder: wrangler dev accepts it, wrangler deploy "
            f"doesn't. Use the id that `wrangler kv namespace list` shows, or remove the field to "
            f"have a namespace created on deploy.",
        )


def _is_meant(config: Config, environment: Environment, entry: Entry) -> bool:
    value = entry.text_of("id") or ""
    if is_variable(value) or says_unused(value) or is_example(config):
        return True
    if is_local_worker(environment):
        return True
    if (
        environment.name is None
        and is_made_up(value)
        and (is_local(config, environment, entry) or is_only_developed(config))
    ):
        return True
    if is_local_environment(config, environment) and is_local(config, environment, entry):
        return True
    return is_named_in_dev(config) or is_deployed_by_others(config) or is_filled_in(config, value)


RULE = EntryRule(
    "id-placeholder",
    "information",
    "An id is a placeholder, not a namespace's id",
    _check,
    without_field("id"),
    _is_meant,
)
