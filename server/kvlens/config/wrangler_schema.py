"""What the project's own wrangler knows about namespaces, from the JSON schema that it brings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from kvlens import files, lookups

_LARGEST = 8 * 1024 * 1024  # bytes; that of wrangler 4.164 has 376 KB
_PACKAGE = Path("node_modules", "wrangler")
_FOLLOWED = 20  # references from one definition to another
Fields = Mapping[str, "frozenset[str] | None"]


@dataclass(frozen=True)
class WranglerSchema:
    """What one version of wrangler accepts.

    top, environment: the names at the top level and in an environment.
    fields, preview_fields: those of a namespace in `kv_namespaces`, and in that of `previews`, each
        with its values if only some are allowed. None if the schema doesn't say.
    """

    version: str
    top: frozenset[str]
    environment: frozenset[str]
    fields: Fields | None
    preview_fields: Fields | None


def schema_for(path: str) -> WranglerSchema | None:
    """Return the schema of the wrangler that is installed for a config; None if there is none.

    Never fails: a schema that can't be read says nothing.
    """
    for folder in files.absolute(path).parents:
        package = folder / _PACKAGE
        if not files.is_there(package):
            continue
        schema, about = (package / name for name in ("config-schema.json", "package.json"))
        stamps = lookups.stamp(schema), lookups.stamp(about)
        if stamps[0] is None or stamps[1] is None:
            return None  # it brings no schema
        return _read(str(schema), str(about), (*stamps[0], *stamps[1]))
    return None


@lru_cache(maxsize=20)
def _read(schema: str, about: str, _stamps: object) -> WranglerSchema | None:
    data, package = _json(schema), _json(about)
    version = package.get("version")
    root = _definition(data, "RawConfig")
    top = _properties(data, root)
    if not isinstance(version, str) or not top:
        return None
    environment = _properties(data, _definition(data, "RawEnvironment"))
    previews = _properties(data, top.get("previews"))
    return WranglerSchema(
        version,
        frozenset(top),
        frozenset(environment),
        _fields(data, top.get("kv_namespaces")),
        _fields(data, previews.get("kv_namespaces")),
    )


def _json(path: str) -> dict[str, Any]:
    try:
        data = json.loads(files.read_bytes(path, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _definition(data: dict[str, Any], name: str) -> Any:
    definitions = data.get("definitions")
    return definitions.get(name) if isinstance(definitions, dict) else None


def _resolved(data: dict[str, Any], node: Any) -> dict[str, Any]:
    """Return a definition after following its references."""
    for _ in range(_FOLLOWED):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/definitions/"):
            break
        node = _definition(data, reference.removeprefix("#/definitions/"))
    return node if isinstance(node, dict) else {}


def _properties(data: dict[str, Any], node: Any) -> dict[str, Any]:
    found = _resolved(data, node).get("properties")
    return found if isinstance(found, dict) else {}


def _fields(data: dict[str, Any], node: Any) -> Fields | None:
    """Return the fields of a list's elements; None if others are allowed, or it isn't a list."""
    element = _resolved(data, _resolved(data, node).get("items"))
    found = _properties(data, element)
    if not found or element.get("additionalProperties") is not False:
        return None
    return {name: _values(_resolved(data, about)) for name, about in found.items()}


def _values(about: dict[str, Any]) -> frozenset[str] | None:
    allowed = about.get("enum", [about["const"]] if "const" in about else None)
    if not isinstance(allowed, list) or not all(isinstance(value, str) for value in allowed):
        return None
    return frozenset(allowed)
