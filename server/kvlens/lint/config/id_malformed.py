"""An id that isn't 32 hexadecimal digits.

wrangler accepts it, and `wrangler dev` works; the API rejects it at deploy (code 10042).

## What
`id` isn't 32 hexadecimal digits, and isn't an obvious [placeholder](id-placeholder.md) either: a
digit is missing, there is another character, or it's another kind of id. It isn't reported in
tests, fixtures, templates, examples and backups (by the path of the config or its `main`), nor is
`unused` or the like, or the name of a script that fills the id in. A name for local data
(`id = "dev"`) isn't reported either in a config whose other environments have real ids, or will
have them (`<YOUR_ID>`), next to a config with a real one for the same binding, below a comment that
says it is local, or in a project for others to deploy, see [id-placeholder](id-placeholder.md); nor
is `local` at the top level, if a script of package.json deploys another config, or if the config
has neither `main` nor `assets` to deploy; nor a name in an environment such as `local` or `test`,
in a Worker with such a `name` (`shop-local`), or in a config that scripts name for `wrangler dev`
only.

## Why
wrangler accepts any text, and `wrangler dev` works, because the id is only a name for local data.
`wrangler deploy` then fails in the API (code 10042). A UUID with hyphens is the id of a D1
database. This rule doesn't check `preview_id`: in `wrangler dev`, any name works.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "f9e585b1-b612-4863-a8f5-c477bde3d1ba"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

*Quick fix: removes the field.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvlens.config.model import Config, Entry, Environment
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.deploys.deployed_by_others import is_deployed_by_others
from kvlens.lint.deploys.filled_in import names_script
from kvlens.lint.deploys.fixtures import is_example
from kvlens.lint.deploys.local_environments import (
    has_nothing_to_deploy,
    is_another_deployed,
    is_local_environment,
    is_local_worker,
    is_named_in_dev,
)
from kvlens.lint.deploys.local_ids import is_local
from kvlens.lint.fix_helpers import without_field
from kvlens.lint.ids import is_placeholder, is_real, says_unused
from kvlens.lint.shared_on_purpose import comment_at
from kvlens.lint.wording import quoted, usable

_LENGTH = 32
_OTHER = re.compile(r"[^0-9A-Fa-f]")
_NEARLY = re.compile(r"\s*[0-9A-Fa-f][0-9A-Fa-f-]{22,}[0-9A-Fa-f]\s*\Z")  # an id with a slip
_LOCAL = re.compile(r"\blocal\b", re.IGNORECASE)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("id")
    value = usable(field)
    if field and value and not is_placeholder(value) and (wrong := _wrong(value)):
        yield Finding(
            field.value_span,
            f"The id {quoted(value)} {wrong}, and a namespace's id is {_LENGTH} hexadecimal "
            "digits: wrangler dev accepts it, wrangler deploy doesn't. "
            "`wrangler kv namespace list` shows the right one.",
        )


def _wrong(value: str) -> str | None:
    if _UUID.match(value):
        return "is a UUID, like the id of a D1 database"
    if value != value.strip() and is_real(value.strip()):
        return "has a space at its beginning or end"
    if len(value) != _LENGTH:
        return f"has {len(value)} character{'s' if len(value) > 1 else ''}"
    found = _OTHER.search(value)
    return f"has {quoted(found[0])} in it" if found else None


def _is_meant(config: Config, environment: Environment, entry: Entry) -> bool:
    value = entry.text_of("id") or ""
    if says_unused(value) or is_example(config) or names_script(config, value):
        return True
    if _NEARLY.match(value):
        return False
    if is_local(config, environment, entry) or is_deployed_by_others(config):
        return True
    if is_named_in_dev(config) or is_local_worker(environment):
        return True
    if environment.name is not None and is_local_environment(config, environment):
        return True
    if environment.name is None and _LOCAL.search(value):
        return is_another_deployed(config) or has_nothing_to_deploy(config)
    return bool(_LOCAL.search(comment_at(config, entry)))


RULE = EntryRule(
    "id-malformed",
    "warning",
    "An id is not 32 hexadecimal digits",
    _check,
    without_field("id", last=True),
    _is_meant,
)
