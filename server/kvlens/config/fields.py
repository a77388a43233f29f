"""Descriptions of a namespace's fields in a config.

Source: Cloudflare's wrangler configuration page, and the behavior of wrangler 4.164.
"""

from __future__ import annotations

from typing import NamedTuple


class FieldInfo(NamedTuple):
    """The description of one field."""

    name: str
    kind: str  # one of nodes.KINDS
    required: bool
    about: str


FIELDS = {
    info.name: info
    for info in (
        FieldInfo(
            "binding",
            "string",
            True,
            "The name that the Worker uses: `env.NAME`, or a global in a service worker.",
        ),
        FieldInfo(
            "id",
            "string",
            False,
            "The namespace that `wrangler deploy` binds. Without it one is made at the first "
            "deploy. Locally it is the name that keys are kept under, unless there is a "
            "`preview_id`.",
        ),
        FieldInfo(
            "preview_id",
            "string",
            False,
            "The namespace for `wrangler dev --remote`. Locally it goes before `id` as the name "
            "that keys are kept under.",
        ),
        FieldInfo(
            "remote",
            "boolean",
            False,
            "`true` makes `wrangler dev` use the real namespace: what the Worker writes there is "
            "real data.",
        ),
    )
}
"""The fields by name, in their usual order."""

LIST_ABOUT = (
    "The Workers KV namespaces of the Worker, one entry each. "
    "Environments do not inherit them: each names its own."
)
DOCS_URL = "https://developers.cloudflare.com/workers/wrangler/configuration/#kv-namespaces"
