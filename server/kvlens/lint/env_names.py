"""The names of all bindings of a Worker's environment.

Source: wrangler 4.164, workers-utils' validation (`friendlyBindingNames`, `getBindingNames`) and
each type's own check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kvlens.config.model import Config, Environment, elements
from kvlens.config.tables import Definition, Table
from kvlens.text import Span

KV = "a KV namespace"


class Name(NamedTuple):
    """One name, what binds it, and where it is."""

    name: str
    what: str
    span: Span


# field of a config: (what it binds, how it is written, the field with the name). list: tables in an
# array; one: a table; inside: an array in a table's field; keys: the table's keys; strings: an
# array of names in a table's field.
_TYPES: dict[str, tuple[str, str, str]] = {
    "d1_databases": ("a D1 database", "list", "binding"),
    "r2_buckets": ("an R2 bucket", "list", "binding"),
    "durable_objects": ("a Durable Object", "inside", "bindings.name"),
    "services": ("a service", "list", "binding"),
    "queues": ("a queue", "inside", "producers.binding"),
    "vars": ("a variable", "keys", ""),
    "secrets": ("a secret", "strings", "required"),
    "vectorize": ("a Vectorize index", "list", "binding"),
    "hyperdrive": ("a Hyperdrive config", "list", "binding"),
    "ai": ("Workers AI", "one", "binding"),
    "ai_search": ("an AI Search instance", "list", "binding"),
    "ai_search_namespaces": ("an AI Search namespace", "list", "binding"),
    "agent_memory": ("an agent memory", "list", "binding"),
    "browser": ("Browser Run", "one", "binding"),
    "analytics": ("Analytics SQL", "one", "binding"),
    "analytics_engine_datasets": ("an Analytics Engine dataset", "list", "binding"),
    "send_email": ("an email sender", "list", "name"),
    "mtls_certificates": ("an mTLS certificate", "list", "binding"),
    "workflows": ("a workflow", "list", "binding"),
    "dispatch_namespaces": ("a dispatch namespace", "list", "binding"),
    "version_metadata": ("the version metadata", "one", "binding"),
    "images": ("Images", "one", "binding"),
    "stream": ("Stream", "one", "binding"),
    "media": ("Media", "one", "binding"),
    "assets": ("the static assets", "one", "binding"),
    "secrets_store_secrets": ("a Secrets Store secret", "list", "binding"),
    "pipelines": ("a pipeline", "list", "binding"),
    "k2": ("a K2 stream", "list", "binding"),
    "artifacts": ("an artifacts store", "list", "binding"),
    "ratelimits": ("a rate limit", "list", "name"),
    "flagship": ("a Flagship app", "list", "binding"),
    "worker_loaders": ("a worker loader", "list", "binding"),
    "vpc_services": ("a VPC service", "list", "binding"),
    "vpc_networks": ("a VPC network", "list", "binding"),
    "unsafe": ("an unsafe binding", "inside", "bindings.name"),
    "unsafe_hello_world": ("Hello World", "list", "binding"),
    "logfwdr": ("a logfwdr destination", "inside", "bindings.name"),
    "wasm_modules": ("a Wasm module", "keys", ""),
    "text_blobs": ("a text blob", "keys", ""),
    "data_blobs": ("a data blob", "keys", ""),
}
TABLES = frozenset(_TYPES)
INHERITED = ("assets",)  # by environments that don't set it


def names_of(config: Config, environment: Environment) -> list[Name]:
    """Return the names of one environment, KV namespaces first."""
    namespaces = [
        Name(name, KV, span)
        for kv in environment.kv
        for name, span in _in_list(kv.definition, "binding")
    ]
    return namespaces + other_names(config, environment)


def other_names(config: Config, environment: Environment) -> list[Name]:
    """Return the names of one environment, except KV namespaces."""
    found: list[Name] = []
    present = [field for field in environment.table.names() if field in _TYPES]
    for field in (*present, *(field for field in INHERITED if field not in present)):
        what, form, inner = _TYPES[field]
        for definition in environment.table.get(field) or config.root.get(field):
            for name, span in _read(definition, form, inner):
                found.append(Name(name, what, span))
    return found


def _read(definition: Definition, form: str, inner: str) -> Iterator[tuple[str, Span]]:
    if form == "list":
        yield from _in_list(definition, inner)
    elif definition.table is None:
        return
    elif form == "one":
        yield from _strings(definition.table.get(inner))
    elif form == "keys":
        for name in definition.table.names():
            for key in definition.table.get(name)[:1]:
                if key.node is None or key.node.kind != "missing":
                    yield name, key.key
    elif form == "inside":
        field, name_field = inner.split(".")
        for listed in definition.table.get(field):
            yield from _in_list(listed, name_field)
    else:
        yield from _strings(_items(definition.table, inner))


def _in_list(definition: Definition, name_field: str) -> Iterator[tuple[str, Span]]:
    for entry in elements(definition):
        name = entry.text_of(name_field)
        if name is not None:
            field = entry.get(name_field)
            assert field
            yield name, field.value_span


def _items(table: Table, field: str) -> list[Definition]:
    return [
        Definition(definition.key, node, definition.base + offset)
        for definition in table.get(field)
        if definition.node is not None
        for offset, node in definition.node.items
    ]


def _strings(definitions: list[Definition]) -> Iterator[tuple[str, Span]]:
    for definition in definitions:
        node = definition.node
        if node is not None and node.kind == "string" and node.value and not node.broken:
            yield str(node.value), definition.span
