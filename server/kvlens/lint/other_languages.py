"""Recognize Workers that aren't written in JavaScript or TypeScript."""

from __future__ import annotations

import re

from kvlens.config.model import Config
from kvlens.config.tables import Table
from kvlens.memo import memo

# What `worker-build` of workers-rs writes, and Python.
_MAIN = re.compile(r"(?:^|/)build/(?:worker/)?(?:shim|index)\.m?js$|(?:^|/)shim\.mjs$|\.py$")
_COMMAND = re.compile(r"\b(?:worker-build|wasm-pack|cargo|tinygo|workers-assets-gen)\b")


@memo
def is_in_another_language(config: Config) -> bool:
    """Return whether other code than JavaScript uses the bindings: Rust, Go or Python.

    It reads them by name, as in `env.kv("my-kv")`.
    """
    return any(
        any(_MAIN.search(text) for text in _texts(environment.table, "main"))
        or any(
            _COMMAND.search(text)
            for build in environment.table.get("build")
            if build.table is not None
            for text in _texts(build.table, "command")
        )
        for environment in config.environments
    )


def _texts(table: Table, field: str) -> list[str]:
    nodes = [definition.node for definition in table.get(field)]
    return [str(node.value) for node in nodes if node is not None and node.kind == "string"]
