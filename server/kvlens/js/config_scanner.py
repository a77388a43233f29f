"""Scan a cloudflare.config.ts into the same tree as a wrangler.toml, without running it.

Modes become environments, and what `isPreview` changes becomes `previews`. Each namespace is an
entry over its whole property, `CACHE: bindings.kv({ id })`; the name of the property is the field
`binding`, whose key is empty. What isn't known is "invalid" and broken, so nothing is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kvlens.config.limits import Refusal, TooMuchError
from kvlens.config.nodes import CodeList, Member, Node, Part, Section, Sections
from kvlens.js.grammar import Unavailable
from kvlens.js.modes.evaluator import ModeEvaluator
from kvlens.js.modes.values import MOST_STEPS, OTHER_MODE, Modes, Value
from kvlens.js.reader import SourceReader
from kvlens.js.syntax import Source, plain
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node as Code

    from kvlens.js.modes.values import Member as Property

_MOST_MODES = 50
_LISTED = "kv_namespaces"
_TEXTS = {"name": "name", "entrypoint": "main", "compatibilityDate": "compatibility_date"}


class CodeScanner:
    """Scans the versions of one file, one after the other."""

    def __init__(self, path: str) -> None:
        self._reader = SourceReader(path)

    def scan(self, text: str) -> Sections:
        """Return one section, with the members that a wrangler.json would have.

        Raises TooMuchError for a text that can't be parsed, or takes too long to evaluate.
        """
        if not text.strip():
            return _sections(text, (), broken=False)
        try:
            source = self._reader.read(text)
        except Unavailable as error:
            raise TooMuchError(Refusal(f"can't be read: {error}", Span(0, 1))) from error
        if source.refused is not None or not source.text:
            raise TooMuchError(Refusal(source.refused or "is too large to read", Span(0, 1)))
        return _sections(text, _Tree(source).members(), broken=source.root.has_error)


def _sections(text: str, members: Iterable[Member], *, broken: bool) -> Sections:
    body = Node("table", len(text), members=tuple(members), head=0, broken=broken)
    return [(0, Section((), False, body))]


class _Tree:
    """One version of a config as a tree; its tables begin at offset 0."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._modes = Modes()
        self._entries: dict[tuple[int, int, str, object], Node] = {}

    def members(self) -> list[Member]:
        """Return the members of the top level, with all environments."""
        found = self._of_mode(OTHER_MODE)
        environments: list[Member] = []
        done: set[str] = set()
        while len(done) < _MOST_MODES:  # evaluating one may name others
            mode = next((name for name in self._modes.names if name not in done), None)
            if mode is None:
                break
            done.add(mode)
            table = Node("table", 0, members=tuple(self._of_mode(mode)))
            environments.append(Member((self._part(mode, self._modes.names[mode]),), 0, table))
        if environments:
            key = Part("env", environments[0].key[0].start, environments[0].key[0].start)
            found.append(Member((key,), 0, Node("table", 0, members=tuple(environments))))
        return found

    def _of_mode(self, mode: str) -> list[Member]:
        result = ModeEvaluator(self._source, self._modes, mode).result()
        if self._modes.left < 0:
            reason = f"takes more than {MOST_STEPS:,} steps to evaluate, too many for a config"
            raise TooMuchError(Refusal(reason, Span(0, 1)))
        found, names = self._of_worker(result)
        if self._modes.has_preview:
            preview = ModeEvaluator(self._source, self._modes, mode, is_preview=True).result()
            inside, _ = self._of_worker(preview)
            known = [_shape(member) for member in found]
            lists = [each for each in inside if each.key[0].name == _LISTED]
            if any(_shape(each) not in known for each in lists):
                key = Part("previews", 0, 0)
                found.append(Member((key,), 0, Node("table", 0, members=tuple(lists))))
                names |= {item for each in lists for item in _bound(each.value)}
        if names:
            others = {name: {"binding": Node("string", 0, name)} for name in names}
            found.append(
                _table("other", {name: _table("", each).value for name, each in others.items()})
            )
        return found

    def _of_worker(self, result: Value) -> tuple[list[Member], set[str]]:
        """Return the members of a Worker, and the names of its bindings that aren't namespaces."""
        if result.kind in ("throws", "nothing"):  # the code allows no such mode
            return [], set()
        worker = result
        if result.kind == "object" and "worker" in result.members:
            worker = result.members["worker"].value
        if worker.kind != "object":
            return [self._listed(worker.node, None, (), known=False)], set()
        found: list[Member] = []
        for name, wanted in _TEXTS.items():
            member = worker.members.get(name)
            if member is not None and member.value.kind == "string":
                found.append(self._text(wanted, member))
        if flags := worker.members.get("compatibilityFlags"):
            items = [(0, Node("string", 0, item.value)) for item in flags.value.items]
            key = self._part("compatibility_flags", flags.key)
            found.append(Member((key,), 0, Node("array", 0, items=tuple(items))))
        bound = worker.members.get("env")
        if bound is None:
            empty = self._listed(worker.node, None, (), known=worker.complete, missing=True)
            found.append(empty)
            return found, set()
        env = bound.value
        if env.kind != "object":
            known = env.kind == "nothing"
            found.append(self._listed(env.node, bound.key, (), known=known))
            return found, set()
        listed = [member for member in env.members.values() if _is_namespace(member.value)]
        known = env.complete and not any(
            member.value.kind in ("unknown", "throws", "library") for member in env.members.values()
        )
        found.append(self._listed(env.node, bound.key, listed, known=known))
        others = {each.name: each.value for each in env.members.values() if each not in listed}
        known_values = {name: node for name, value in others.items() if (node := _variable(value))}
        secrets = [name for name, value in others.items() if _type_of(value) == "secret"]
        if known_values:
            found.append(_table("vars", known_values))
        if secrets:
            required = Node("array", 0, items=tuple((0, Node("string", 0, n)) for n in secrets))
            found.append(_table("secrets", {"required": required}))
        return found, others.keys() - known_values.keys() - {*secrets}

    def _listed(
        self,
        node: Code,
        key: Code | None,
        properties: Iterable[Property],
        *,
        known: bool,
        missing: bool = False,
    ) -> Member:
        """Return the member `kv_namespaces` for a Worker's `env`."""
        inner = plain(node)
        start, end = self._span(inner)
        items = []
        for each in properties:
            at = self._span(each.whole).start
            items.append((at - start, self._entry(each)))
        last = None
        if inner.type == "object":
            inside = [child for child in inner.named_children if child.type != "comment"]
            last = self._span(inside[-1]) if inside else Span(start + 1, start + 1)
        listed = CodeList("array", end - start, items=tuple(items), broken=not known)
        listed.is_missing = missing
        listed.last = None if last is None else Span(last.start - start, last.end - start)
        part = Part(_LISTED, start, start) if key is None else self._part(_LISTED, key)
        return Member((part,), start, listed)

    def _entry(self, member: Property) -> Node:
        """Return the entry of one namespace; the same one for all modes where it is the same."""
        base, end = self._span(member.whole)
        key = self._span(member.key)
        name = Node("string", key.end - key.start, member.name)
        fields = [
            Member((Part("binding", key.start - base, key.start - base),), key.start - base, name)
        ]
        about = member.value.members
        if (id_field := about.get("id")) and id_field.value.kind != "nothing":
            fields.append(self._field("id", id_field, id_field.value, base))
        development = about.get("dev")
        inside = development.value.members.get("remote") if development else None
        remote = whole = inside or about.get("remote")
        if inside and (inside.value.kind == "boolean" or _known(inside.value) is None):
            whole = development  # else the value itself is what is wrong
        if remote and whole and remote.value.kind != "nothing":
            fields.append(self._field("remote", whole, remote.value, base))
        if not member.value.complete and not id_field:  # something spread into it may be the id
            fields.append(Member((Part("id", 0, 0),), 0, Node("invalid", 0, broken=True)))
        fields.sort(key=lambda field: field.key[0].start)
        known = (base, end, member.name, tuple(_shape(field) for field in fields))
        node = self._entries.get(known)
        if node is None:
            node = self._entries[known] = Node("table", end - base, members=tuple(fields))
        return node

    def _field(self, name: str, member: Property, value: Value, base: int) -> Member:
        """Return a field with the span of its expression, or of the branch that was chosen."""
        key = self._span(member.key)
        expression = member.whole.child_by_field_name("value")
        place = key if expression is None else self._span(expression)
        if name == "id" and value.chosen is not None:
            chosen = self._span(value.chosen)
            if place.start <= chosen.start and chosen.end <= place.end:
                place = chosen
        length = place.end - place.start
        known = _known(value) if value.kind in ("string", "number", "boolean") else None
        node = Node("invalid", length, broken=True)
        if known is not None:
            node = Node(known.kind, length, known.value)
        part = Part(name, key.start - base, key.end - base)
        return Member((part,), place.start - base, node)

    def _text(self, name: str, member: Property) -> Member:
        place = self._span(member.value.node)
        node = Node("string", place.end - place.start, member.value.value)
        return Member((self._part(name, member.key),), place.start, node)

    def _part(self, name: str, node: Code) -> Part:
        place = self._span(node)
        return Part(name, place.start, place.end)

    def _span(self, node: Code) -> Span:
        return self._source.span(node)


def _is_namespace(value: Value) -> bool:
    if value.kind == "object" and (kind := value.members.get("type")):
        return kind.value.kind == "string" and kind.value.value == "kv"
    return value.kind == "kv"


def _type_of(binding: Value) -> object:
    """Return the type of a binding, such as "text" of `bindings.text()` or `{ type: "text" }`."""
    if binding.kind == "binding":
        return binding.value
    about = binding.members.get("type") if binding.kind == "object" else None
    return about.value.value if about is not None else None


def _variable(binding: Value) -> Node | None:
    """Return the value of a binding that is a variable, if it is known."""
    held = binding.members.get("value") if _type_of(binding) in ("text", "json") else None
    return _known(held.value) if held is not None else None


def _known(value: Value) -> Node | None:
    if value.kind == "string" and value.value is not None and value.value != OTHER_MODE:
        return Node("string", 0, value.value)
    if value.kind == "number" and isinstance(value.value, int | float):
        number = value.value
        is_whole = float(number).is_integer()
        return Node("integer", 0, int(number)) if is_whole else Node("float", 0, number)
    if value.kind == "boolean":
        return Node("boolean", 0, value.value)
    if value.kind == "nothing":
        return Node("null", 0)
    if value.kind == "array" and value.complete:
        items = [_known(each) for each in value.items]
        inside = tuple((0, each) for each in items if each is not None)
        return Node("array", 0, items=inside) if len(inside) == len(items) else None
    if value.kind == "object" and value.complete:
        members = {each.name: _known(each.value) for each in value.members.values()}
        known = {name: each for name, each in members.items() if each is not None}
        return _table("", known).value if len(known) == len(members) else None
    return None


def _table(name: str, members: Mapping[str, Node]) -> Member:
    inside = tuple(Member((Part(each, 0, 0),), 0, node) for each, node in members.items())
    return Member((Part(name, 0, 0),), 0, Node("table", 0, members=inside))


def _shape(member: Member) -> object:
    """Return what two members have in common that are the same in two modes."""
    items = tuple(
        (at, tuple(_shape(each) for each in item.members)) for at, item in member.value.items
    )
    value = member.value.value, member.value.kind, member.value.length, member.value.broken
    return member.key, member.offset, value, items


def _bound(listed: Node) -> Iterable[str]:
    """Return the bindings of a list."""
    for _, entry in listed.items:
        for field in entry.members:
            if field.key[0].name == "binding":
                yield str(field.value.value)
