"""Write a wrangler config as a cloudflare.config.ts.

Environments become modes. What has no equivalent there becomes a comment, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy

from kvlens.config.document.cloudflare_fields import (
    ASSETS,
    BY_PATH,
    CONSUMER,
    CONTAINER,
    CONTAINER_LISTS,
    CONTAINER_TABLES,
    CONTAINER_WORDS,
    DOCKERFILE,
    EXPORT,
    IN_THIS_WORKER,
    OUTSIDE,
    PER_ENVIRONMENT,
    REFERENCE,
    REGIONS,
    SETTINGS,
    UNSAFE,
    UNSAFE_TYPE,
    WORKER,
    Binding,
)
from kvlens.config.document.gaps import table_at
from kvlens.config.document.model import (
    Comments,
    Document,
    Element,
    Notice,
    Value,
    lines,
    table_of,
    text_value,
)
from kvlens.config.document.mover import Mover
from kvlens.config.document.read import SCHEMA
from kvlens.config.document.write_braced import BracedWriter, comment_lines, json_string

NAME = "cloudflare.config.ts"
_ENVIRONMENTS = "env"


def write_cloudflare(document: Document) -> tuple[str, list[Notice]]:
    """Return the text of a cloudflare.config.ts, and what has no equivalent there."""
    found = document.root.get(_ENVIRONMENTS)
    environments = found.value.elements if found and found.value.kind == "table" else []
    taken: set[str] = set()  # names of constants
    workers = [_Worker(document.root, taken)]
    workers += [_Worker(one.value, taken, one, document.root) for one in environments]
    notices = [notice for worker in workers for notice in worker.notices]
    for worker in workers:
        for name in ("name", "compatibilityDate"):
            if worker.config.get(name) is None:
                of = f' of the mode "{worker.mode}"' if worker.mode is not None else ""
                notices.append(Notice(1, f"{name}: {NAME} needs it{of}; add it"))
    has_kv = any(worker.has_kv for worker in workers)
    imported = "bindings, defineConfig" if has_kv else "defineConfig"
    head = comment_lines(document.head)
    written = [*head, f'import {{ {imported} }} from "cf/config";', ""]
    for name, value in (each for worker in workers for each in worker.constants):
        written += [f"const {name} = {_code(value, '')};", ""]
    if len(workers) == 1:
        body = _code(workers[0].config_object(), "")
        written.append(f"export default defineConfig({body});")
    else:
        written += ["export default defineConfig(({ mode }) => {", "  switch (mode) {"]
        assert found
        written += comment_lines([*found.above, *found.value.head], indent="    ")
        for worker in (*workers[1:], workers[0]):
            written += comment_lines(worker.above, indent="    ")
            label = "default" if worker.mode is None else f"case {json_string(worker.mode)}"
            written += [f"    {label}:", f"      return {_code(worker.config_object(), '      ')};"]
        written += comment_lines([*found.value.end, *found.after], indent="    ")
        written += ["  }", "});"]
    written += comment_lines(document.foot)
    text = "\n".join([*written, ""])
    return text.replace("\n", document.newline), sorted(notices)


def _code(value: Value, indent: str) -> str:
    return BracedWriter(code=True).value(value, indent, 0, expanded=True)


class _Worker(Mover):
    """The config of one mode."""

    no_equivalent = f"{NAME} has no equivalent"

    def __init__(
        self,
        scope: Value,
        taken: set[str],
        environment: Element | None = None,
        top: Value | None = None,
    ) -> None:
        super().__init__(Value("table", head=[*scope.head]))
        self.mode = None if environment is None else environment.name
        self.above: Comments = []
        self.settings = Value("table")
        self.has_kv = False
        self._is_inherited = False
        self._bound: set[str] = set()
        self._own_name = _own_name(scope, top, self.mode)
        self.constants: list[tuple[str, Value]] = []
        self._linked = _linked(scope, top, taken)  # name of a container -> its constant
        if environment is not None:
            self.above = [*lines(environment.above), *environment.after]
        if top is not None:
            self._inherit(scope, top)
        for element in scope.elements:
            self._convert(deepcopy(element))
        self.config.end += [*self._waiting, *scope.end]

    def config_object(self) -> Value:
        """Return what `defineConfig` takes."""
        return table_of([*self.settings.elements, Element(self.config, "worker")])

    def _inherit(self, scope: Value, top: Value) -> None:
        own = {element.name for element in scope.elements}
        if "name" not in own and self._own_name:
            self.config.elements.append(Element(text_value(self._own_name), "name"))
        self._is_inherited = True
        for element in top.elements:
            name = element.name or ""
            if name in own or name in ("name", _ENVIRONMENTS, SCHEMA, *PER_ENVIRONMENT):
                continue
            if (name,) not in BY_PATH and (name in WORKER or name in _SPECIAL or name in SETTINGS):
                self._convert(_bare(element))
        self._is_inherited = False

    def _convert(self, element: Element) -> None:
        name = element.name or ""
        if name == SCHEMA or (name == _ENVIRONMENTS and self.mode is None):
            if name == SCHEMA:
                self._waiting += [*lines(element.above), *element.after]
            return
        special = _SPECIAL.get(name)
        if name in WORKER:
            self._renamed(element, self.config, *WORKER[name])
        elif name in SETTINGS:
            if name == "compliance_region":
                region = str(element.value.value)
                element.value.value = REGIONS.get(region, region)
            self._renamed(element, self.settings, *SETTINGS[name])
        elif (name,) in BY_PATH:
            self._bindings(element, BY_PATH[(name,)])
        elif special is not None:
            special(self, element)
        elif name in OUTSIDE:
            self._lose(element, "it belongs in wrangler.config.ts")
        else:
            self._lose(element)

    def _lose(self, element: Element, reason: str | None = None, name: str | None = None) -> None:
        if not self._is_inherited:  # said for the top level
            super()._lose(element, reason, name)

    def _place(self, name: str, kind: str = "table") -> Value:
        """Return the value of a member of the Worker, creating it."""
        found = self.config.get(name)
        if found is None:
            found = Element(Value("array" if kind == "array" else "table"), name)
            self._add(self.config, found)
        return found.value

    # bindings -----------------------------------------------------------------------------------

    def _bindings(self, element: Element, binding: Binding, path: str = "") -> None:
        wanted = "table" if binding.single else "array"
        if element.value.kind != wanted:
            self._lose(element, name=path or None)
            return
        env = self._place("env")
        entries = [element] if binding.single else element.value.elements
        if not binding.single:
            self._waiting += [*lines(element.above), *element.value.head]
        for entry in entries:
            self._entry(entry, binding, env)
        if not binding.single:
            self._waiting += [*lines(element.value.end), *element.after]

    def _entry(self, entry: Element, binding: Binding, env: Value) -> None:
        key = entry.value.get(binding.key) if entry.value.kind == "table" else None
        if key is None or key.value.kind != "string" or key.value.value in self._bound:
            self._lose(entry, f"this has no {binding.key}, or one that is there already")
            return
        self._bound.add(str(key.value.value))
        about = Value("table", compact=True, head=entry.value.head)
        has_call = binding.type == "kv"
        if not has_call:
            about.elements.append(Element(text_value(binding.type), "type"))
        outer, self._waiting = self._waiting, []
        members = [member for member in entry.value.elements if member is not key]
        self._place_members(about, members, binding.fields, binding.path[-1])
        if binding.type in IN_THIS_WORKER and about.get("worker") is None and self._own_name:
            about.elements.insert(1, Element(text_value(self._own_name), "worker"))
        about.end = [*self._waiting, *entry.value.end]
        self._waiting = outer
        value = about
        if has_call:
            self.has_kv = True
            has_argument = bool(about.elements or about.has_comments)
            arguments = [Element(about)] if has_argument else []
            value = Value("call", "bindings.kv", arguments)
        above: Comments = [*lines(entry.above), *lines(key.above), *key.after]
        self._add(env, Element(value, str(key.value.value), entry.line, above, entry.after))

    def _variables(self, element: Element) -> None:
        if element.value.kind != "table":
            self._lose(element)
            return
        env = self._place("env")
        with self._within(element):
            for member in element.value.elements:
                kind = "text" if member.value.kind == "string" else "json"
                said = Element(text_value(kind), "type")
                member.value = table_of([said, Element(member.value, "value")], compact=True)
                self._add(env, member)

    # tables with lists --------------------------------------------------------------------------

    def _inner(self, element: Element) -> None:
        """Convert each member of a table such as `queues`."""
        if element.value.kind != "table":
            self._lose(element)
            return
        outer = element.name or ""
        with self._within(element):
            for member in element.value.elements:
                path = (outer, member.name or "")
                if path in BY_PATH:
                    self._bindings(member, BY_PATH[path], ".".join(path))
                elif path in _LISTS and member.value.kind == "array":
                    with self._within(member):
                        for item in member.value.elements:
                            _LISTS[path](self, item)
                else:
                    self._lose(member, name=".".join(path))

    def _place_members(
        self,
        holder: Value,
        members: Sequence[Element],
        fields: Mapping[str, tuple[str, ...]],
        of: str,
    ) -> None:
        """Put members where their new paths say; `of` is the list that they are in."""
        for member in members:
            path = fields.get(member.name or "")
            if path is None:
                self._lose(member, name=f"{of}.{member.name}")
                continue
            *before, member.name = path
            inner = table_at(holder, before, member.line)
            inner.compact = inner.compact or inner is not holder or holder.compact
            self._add(inner, member)

    def _unsafe(self, element: Element) -> None:
        bindings = element.value.get("bindings") if element.value.kind == "table" else None
        if bindings is not None and bindings.value.kind == "array":
            element.value.elements.remove(bindings)
            with self._within(bindings):
                for item in bindings.value.elements:
                    self._unsafe_binding(item)
        if element.value.kind != "table":
            self._lose(element)
        elif element.value.elements or element.value.has_comments:
            self._renamed(element, self.config, "unsafe", UNSAFE)
        else:
            self._waiting += [*lines(element.above), *element.after]

    def _unsafe_binding(self, item: Element) -> None:
        name, kind = (item.value.get(each) for each in ("name", "type"))
        known = [one for one in (name, kind) if one is not None and one.value.kind == "string"]
        if name is None or kind is None or len(known) < 2 or name.value.value in self._bound:
            self._lose(item, name="unsafe.bindings")
            return
        self._bound.add(str(name.value.value))
        kind.value.value = f"{UNSAFE_TYPE}{kind.value.value}"
        item.name = str(name.value.value)
        item.value.elements.remove(name)
        item.above += [*lines(name.above), *name.after]
        self._add(self._place("env"), item)

    def _exports(self, element: Element) -> None:
        self._renamed(element, self.config, "exports", None)
        for item in element.value.elements:
            self._export(item.value)

    def _export(self, export: Value) -> None:
        if export.kind != "table":
            return
        linked = export.get("container")
        if linked is not None and linked.value.value in self._linked:
            linked.value = Value("name", self._linked[str(linked.value.value)])
            self._rename_members(export, EXPORT)
        else:
            fields = {name: known for name, known in EXPORT.items() if name != "container"}
            self._rename_members(export, fields)

    def _containers(self, element: Element) -> None:
        """Containers are beside the Worker there; `exports` names them, as constants."""
        if element.value.kind != "array":
            self._lose(element)
            return
        for item in element.value.elements:
            members, item.value.elements = item.value.elements, []
            outer, self._waiting = self._waiting, []
            for member in members:
                self._container_member(item.value, member)
            item.value.end[:0] = self._waiting
            self._waiting = outer
            name = item.value.get("name")
            if name is not None and name.value.value in self._linked:
                constant = self._linked[str(name.value.value)]
                self.constants.append((constant, item.value))
                item.value = Value("name", constant)
        self._add(self.settings, element)

    def _container_member(self, holder: Value, member: Element) -> None:
        name, value = member.name or "", member.value
        if name == "class_name":
            self._lose(member, "in exports, the class names its container", "containers.class_name")
            return
        if name in CONTAINER_WORDS and value.kind == "string":
            value.value = str(value.value).replace("_", "-")
        image = str(value.value).rpartition("/")[2]
        fields = {**CONTAINER, "image": REFERENCE if ":" in image else DOCKERFILE}
        if value.kind == "table" and (inner := CONTAINER_TABLES.get(name)):
            self._rename_members(value, inner)
        elif inner := CONTAINER_LISTS.get(name):
            self._rename_each(value, inner)
        self._place_members(holder, [member], fields, "containers")

    def _trigger(self, item: Element, members: Sequence[Element], kind: str) -> None:
        item.value = table_of([Element(text_value(kind), "type"), *members], compact=True)
        item.name = None
        self._add(self._place("triggers", "array"), item)

    def _cron(self, item: Element) -> None:
        self._trigger(item, [Element(item.value, "schedule")], "scheduled")

    def _consumer(self, item: Element) -> None:
        if item.value.kind != "table":
            self._lose(item, name="queues.consumers")
            return
        self._rename_members(item.value, CONSUMER)
        inside = item.value
        self._trigger(item, inside.elements, "queue")
        item.value.head, item.value.end = inside.head, inside.end

    def _secret(self, item: Element) -> None:
        name = str(item.value.value)
        item.value = table_of([Element(text_value("secret"), "type")], compact=True)
        item.name = name
        self._add(self._place("env"), item)

    def _routes(self, element: Element) -> None:
        if element.value.kind != "array":
            self._route(element)
            return
        with self._within(element):
            for item in element.value.elements:
                self._route(item)

    def _route(self, item: Element) -> None:
        if item.value.kind == "string":
            self._trigger(item, [Element(item.value, "pattern")], "fetch")
            return
        members = {one.name: one for one in item.value.elements}
        names = members.keys() - {"custom_domain"}
        custom = members.get("custom_domain")
        if custom is not None and custom.value.value is True and names == {"pattern"}:
            comments = [*item.value.comments()]
            item.above += comments
            item.value, item.name = members["pattern"].value, None
            self._add(self._place("domains", "array"), item)
        elif (custom is None or custom.value.value is False) and names in _ZONES:
            renamed = [one for one in item.value.elements if one is not custom]
            for one in renamed:
                one.name = "pattern" if one.name == "pattern" else "zone"
            self._trigger(item, renamed, "fetch")
        else:
            self._lose(item, name="routes")

    def _tails(self, element: Element) -> None:
        items = element.value.elements
        known = all({one.name for one in item.value.elements} == {"service"} for item in items)
        if element.value.kind != "array" or not known:
            self._lose(element)
            return
        for item in items:
            item.value.elements[0].name = "worker"
        element.name = "tailConsumers"
        self._add(self.config, element)

    def _assets(self, element: Element) -> None:
        if element.value.kind != "table":
            self._lose(element)
            return
        binding, directory = element.value.get("binding"), element.value.get("directory")
        for inside, reason in (
            (directory, "it belongs in wrangler.config.ts, as assetsDirectory"),
            (binding, ""),
        ):
            if inside is None:
                continue
            element.value.elements.remove(inside)
            if reason:
                self._lose(inside, reason, "assets.directory")
                continue
            kind = table_of([Element(text_value("assets"), "type")], compact=True)
            inside.name, inside.value = str(inside.value.value), kind
            self._add(self._place("env"), inside)
        if element.value.elements or element.value.has_comments:
            self._renamed(element, self.config, "assets", ASSETS)
        else:
            self._waiting += [*lines(element.above), *element.after]


_ZONES = ({"pattern"}, {"pattern", "zone_name"}, {"pattern", "zone_id"})
_SPECIAL = {
    "vars": _Worker._variables,
    "triggers": _Worker._inner,
    "queues": _Worker._inner,
    "durable_objects": _Worker._inner,
    "secrets": _Worker._inner,
    "logfwdr": _Worker._inner,
    "routes": _Worker._routes,
    "route": _Worker._routes,
    "tail_consumers": _Worker._tails,
    "assets": _Worker._assets,
    "unsafe": _Worker._unsafe,
    "exports": _Worker._exports,
    "containers": _Worker._containers,
}
_LISTS = {
    ("triggers", "crons"): _Worker._cron,
    ("queues", "consumers"): _Worker._consumer,
    ("secrets", "required"): _Worker._secret,
}


def _linked(scope: Value, top: Value | None, taken: set[str]) -> dict[str, str]:
    """Return constants for the containers that exports name; their names are taken then."""
    exports, containers = scope.get("exports"), scope.get("containers")
    if exports is None and top is not None:
        exports = top.get("exports")
    if exports is None or containers is None:
        return {}
    tables = [one.value for one in exports.value.elements if one.value.kind == "table"]
    named = {found.value.value for one in tables if (found := one.get("container")) is not None}
    linked: dict[str, str] = {}
    for container in containers.value.elements:
        found = container.value.get("name") if container.value.kind == "table" else None
        if found is None or found.value.kind != "string" or found.value.value not in named:
            continue
        words = re.findall(r"[A-Za-z0-9]+", str(found.value.value))
        base = "".join(word.capitalize() for word in words)
        constant = wanted = f"container{base}"
        number = 2
        while constant in taken:
            constant, number = f"{wanted}_{number}", number + 1
        taken.add(constant)
        linked[str(found.value.value)] = constant
    return linked


def _own_name(scope: Value, top: Value | None, mode: str | None) -> str | None:
    """Return the name of a Worker: an environment's is the top level's with the environment's."""
    own = scope.get("name")
    if own is not None:
        return str(own.value.value)
    above = top.get("name") if top is not None else None
    return f"{above.value.value}-{mode}" if above is not None else None


def _bare(element: Element) -> Element:
    """Return a copy without comments."""
    value = element.value
    inside = Value(value.kind, value.value, [*map(_bare, value.elements)], compact=True)
    return Element(inside, element.name, element.line)
