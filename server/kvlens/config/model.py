"""The model of a config for Workers KV: environments, their `kv_namespaces`, the entries."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from kvlens.config.comments import Syntax, comments, syntax_of
from kvlens.config.limits import Refusal
from kvlens.config.nodes import Node, Section, Sections
from kvlens.config.tables import Definition, Table, gather
from kvlens.memo import Memos, memo
from kvlens.text import Span

KV_FIELD = "kv_namespaces"


class Field(NamedTuple):
    """One field of an entry."""

    name: str
    key_span: Span
    kind: str  # one of nodes.KINDS and BROKEN_KINDS
    value: Any  # of a scalar, else None
    value_span: Span
    broken: bool  # half-typed: don't report its value yet


class Entry:
    """One element of `kv_namespaces`: its fields with their spans."""

    __slots__ = ("base", "node")

    def __init__(self, base: int, node: Node) -> None:
        self.base = base
        self.node = node

    @property
    def is_table(self) -> bool:
        """Whether the element is a table, as it should be."""
        return self.node.kind == "table"

    @property
    def span(self) -> Span:
        """The whole element; for a `[[…]]`, including its lines."""
        return Span(self.base, self.base + self.node.length)

    @property
    def head(self) -> Span:
        """What to underline for the whole element: its header, or the inline table."""
        return Span(self.base, self.base + self.node.head)

    @property
    def broken(self) -> bool:
        """Whether something in it is half-typed."""
        return self.node.broken

    @property
    def fields(self) -> list[Field]:
        """Its fields in order; a duplicate name occurs twice."""
        fields = _fields(self.node)
        if not self.base:
            return fields
        return [self._moved(field) for field in fields]

    def get(self, name: str) -> Field | None:
        """Return the first field with this name."""
        for field in _fields(self.node):
            if field.name == name:
                return self._moved(field) if self.base else field
        return None

    @property
    def in_code(self) -> bool:
        """Whether it is a property in code: `CACHE: bindings.kv(…)`, without a key `binding`."""
        return any(
            part.start == part.end and part.name == "binding"
            for member in self.node.members
            for part in member.key
        )

    def field_at(self, place: int) -> Field | None:
        """Return the field whose key begins at a place."""
        index = self.index_at(place)
        fields = _fields(self.node)
        return self._moved(fields[index]) if index < len(fields) else None

    def index_at(self, place: int) -> int:
        """Return which of its members has a key that begins at a place, or is next behind it."""
        at = place - self.base
        return bisect_left(self.node.members, at, key=lambda member: member.key[0].start)

    def text_of(self, name: str) -> str | None:
        """Return a field's value if it is a complete, non-empty string."""
        return _texts(self.node).get(name)

    @property
    def store_id(self) -> str | None:
        """The namespace's id in a local store: `preview_id`, else `id`, else the binding.

        Source: workers-sdk, wrangler's `dev`. There, an empty `preview_id` takes precedence too,
        and the resulting namespace without a name loses every value (observed in wrangler 4.164: a
        put succeeds, the get after it is null). There is nothing to share with that, so here an
        empty one counts as missing. In code, an id that isn't known is none at all.
        """
        found = self.text_of("preview_id") or self.text_of("id")
        if not found and self.in_code and (field := self.get("id")) is not None and field.broken:
            return None
        return found or self.text_of("binding")

    def _moved(self, field: Field) -> Field:
        return field._replace(
            key_span=self._move(field.key_span), value_span=self._move(field.value_span)
        )

    def _move(self, span: Span) -> Span:
        return Span(span.start + self.base, span.end + self.base)


@memo
def _fields(node: Node) -> list[Field]:
    """Return the fields of a table, with their spans in it."""
    return [_field(member) for member in node.members if member.key]


@memo
def _texts(node: Node) -> dict[str, str | None]:
    """Return the values of a table's fields; None if not a complete, non-empty string."""
    texts: dict[str, str | None] = {}
    for field in _fields(node):
        whole = field.kind == "string" and not field.broken and field.value
        texts.setdefault(field.name, str(field.value) if whole else None)
    return texts


def _field(member: Any) -> Field:
    node: Node = member.value
    dotted = len(member.key) > 1
    return Field(
        member.key[0].name,
        Span(member.key[0].start, member.key[-1].end),
        "table" if dotted else node.kind,
        None if dotted else node.value,
        Span(member.offset, member.offset + node.length),
        node.broken,
    )


class KvList(NamedTuple):
    """One definition of `kv_namespaces`."""

    definition: Definition
    entries: list[Entry]

    @property
    def kind(self) -> str:
        """The kind of its value; "array" is right."""
        return self.definition.kind

    @property
    def key_span(self) -> Span:
        """The name `kv_namespaces`."""
        return self.definition.key

    @property
    def span(self) -> Span:
        """The value; for headers, the name in the first of them."""
        return self.definition.span

    @property
    def broken(self) -> bool:
        """Whether the value is half-typed."""
        return self.definition.node is not None and self.definition.node.broken


class Environment:
    """The top level of a config (name None), or one `env.NAME`."""

    def __init__(self, name: str | None, key_span: Span | None, table: Table) -> None:
        self.name = name
        self.key_span = key_span  # the name in its header or key; None for the top level
        self.table = table

    @cached_property
    def kv(self) -> list[KvList]:
        """Every definition of `kv_namespaces` here; more than one is a mistake, but is read."""
        return _lists(self.table)

    @cached_property
    def bound(self) -> frozenset[tuple[str, str | None]]:
        """The bindings with their ids, None for one without."""
        entries = (entry for kv in self.kv for entry in kv.entries)
        pairs = ((entry.text_of("binding"), entry.text_of("id")) for entry in entries)
        return frozenset((binding, id_) for binding, id_ in pairs if binding)

    @cached_property
    def previews(self) -> list[KvList]:
        """The same for `previews.kv_namespaces`, which `wrangler preview` uses instead."""
        return [
            kv
            for definition in self.table.get("previews")
            if definition.table is not None
            for kv in _lists(definition.table)
        ]


def _lists(table: Table) -> list[KvList]:
    return [KvList(definition, elements(definition)) for definition in table.get(KV_FIELD)]


def elements(definition: Definition) -> list[Entry]:
    """Return the elements of an array, in either syntax; empty for other values."""
    entries = [Entry(base, body) for base, body in definition.elements]
    if definition.node is not None and definition.node.kind == "array":
        start = definition.base
        entries += [Entry(start + offset, node) for offset, node in definition.node.items]
    return entries


class Namespace(NamedTuple):
    """One usable namespace: a binding and its id in a local store."""

    binding: str
    id: str
    environment: str | None
    span: Span  # of the binding's value


class Config:
    """One parsed config file."""

    def __init__(
        self,
        path: str,
        text: str,
        sections: Sections,
        refused: Refusal | None = None,
        *,
        counted: frozenset[str] | None = None,
    ) -> None:
        self.counted = counted  # environments besides the top level; None: all of them
        self.path = path
        self.text = text
        self.refused = refused  # why the text wasn't parsed, if so
        self.sections = sections
        self.root = gather(sections)
        self.environments = list(self._environments())
        self.memos: Memos = {}  # what others derive from this version only

    @property
    def syntax(self) -> Syntax:
        """The language of the file, by the path's extension."""
        return syntax_of(self.path)

    @property
    def is_json(self) -> bool:
        """Whether the file is JSON (or JSONC)."""
        return self.syntax == "json"

    @property
    def is_toml(self) -> bool:
        """Whether the file is TOML."""
        return self.syntax == "toml"

    @property
    def is_code(self) -> bool:
        """Whether the file is JavaScript or TypeScript."""
        return self.syntax == "code"

    def section_around(self, place: int) -> tuple[int, Section]:
        """Return the section that a place is in, with where it begins."""
        index = bisect_right(self.sections, place, key=lambda each: each[0]) - 1
        return self.sections[max(0, index)]

    def comments_with(self, word: str) -> list[Span]:
        """Return the spans of the comments that contain a word."""
        found = comments(self.text, syntax=self.syntax) if word in self.text else []
        return [span for span in found if word in self.text[slice(*span)]]

    def namespaces(self, *environments: str | None) -> list[Namespace]:
        """Return the usable namespaces of these environments; of all by default.

        Of duplicate bindings in one environment, only the first counts.
        """
        found: list[Namespace] = []
        for environment in self._named(environments):
            seen: set[str] = set()
            for kv in environment.kv:
                for entry in kv.entries:
                    binding = entry.text_of("binding")
                    store_id = entry.store_id
                    if not binding or not store_id or binding in seen:
                        continue
                    seen.add(binding)
                    field = entry.get("binding")
                    assert field
                    found.append(Namespace(binding, store_id, environment.name, field.value_span))
        return found

    def has_binding(self, name: str) -> bool:
        """Return whether any environment has a KV namespace with this binding."""
        return any(
            entry.text_of("binding") == name
            for environment in self.environments
            for kv in (*environment.kv, *environment.previews)
            for entry in kv.entries
        )

    def environment(self, name: str | None) -> Environment | None:
        """Return the first environment with this name; None is the top level."""
        return next(iter(self._named((name,))), None)

    def _named(self, names: tuple[str | None, ...]) -> list[Environment]:
        if not names:
            return self.environments
        if len(names) > 1:
            return [known for known in self.environments if known.name in names]
        return self._by_name.get(names[0], [])

    @cached_property
    def _by_name(self) -> dict[str | None, list[Environment]]:
        found: dict[str | None, list[Environment]] = {}
        for environment in self.environments:
            found.setdefault(environment.name, []).append(environment)
        return found

    def declarations(self, binding: str) -> list[Span]:
        """Return the spans of a binding's name wherever it is declared, each once."""
        found: dict[Span, None] = {}
        for environment in self.environments:
            for kv in (*environment.kv, *environment.previews):
                for entry in kv.entries:
                    if entry.text_of("binding") == binding and (field := entry.get("binding")):
                        found.setdefault(field.value_span)
        return list(found)

    def store_ids(self) -> set[str]:
        """Return every id under which a tool may store keys of this config's namespaces.

        `wrangler kv key put --local` uses the `id`, but `wrangler dev` the `preview_id`.
        """
        entries = (
            entry
            for environment in self.environments
            for kv in environment.kv
            for entry in kv.entries
        )
        names = ((one.store_id, one.text_of("id"), one.text_of("preview_id")) for one in entries)
        return {name for some in names for name in some if name}

    def _environments(self) -> Iterator[Environment]:
        yield Environment(None, None, self.root)
        for definition in self.root.get("env"):
            if definition.table is None:
                continue
            for name in definition.table.names():
                if self.counted is not None and name not in self.counted:
                    continue
                for inner in definition.table.get(name):
                    if inner.table is not None:
                        yield Environment(name, inner.key, inner.table)
