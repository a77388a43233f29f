"""Turn what a cloudflare.config.ts says into a wrangler config.

What wrangler's config has no equivalent for becomes a comment, and is named.
"""

from __future__ import annotations

from collections.abc import Mapping

from kvlens.config.document.cloudflare_fields import (
    ASSETS,
    BY_PATH,
    BY_TYPE,
    CONSUMER,
    CONTAINER,
    CONTAINER_LISTS,
    CONTAINER_TABLES,
    CONTAINER_WORDS,
    DOCKERFILE,
    EXPORT,
    IN_THIS_WORKER,
    PER_ENVIRONMENT,
    REFERENCE,
    REGIONS,
    SETTINGS,
    UNSAFE,
    UNSAFE_TYPE,
    WORKER,
    Binding,
    Fields,
)
from kvlens.config.document.gaps import table_at
from kvlens.config.document.model import (
    Comments,
    Element,
    Notice,
    Value,
    as_data,
    lines,
    table_of,
    text_value,
)
from kvlens.config.document.mover import Mover


def wrangler_table(
    config: Value, modes: Mapping[str, tuple[Value, Comments]]
) -> tuple[Value, list[Notice]]:
    """Return a wrangler config of what each mode has, with the comments above it.

    `config` is that of all modes without a name.
    """
    top = _Worker(config)
    notices = top.notices
    environments: list[Element] = []
    for mode, (found, above) in modes.items():
        worker = _Worker(found)
        notices += worker.notices
        scope = _without_inherited(worker.config, top.config, mode)
        environments.append(Element(scope, mode, above=above))
    if environments:
        top.config.elements.append(Element(table_of(environments), "env"))
    return top.config, sorted(set(notices))


def _without_inherited(scope: Value, top: Value, mode: str) -> Value:
    """Leave out what an environment inherits, but not its comments."""
    kept: list[Element] = []
    waiting: Comments = []
    name = top.get("name")
    for element in scope.elements:
        above = top.get(element.name or "")
        same = above is not None and as_data(above.value) == as_data(element.value)
        if element.name == "name":
            same = name is not None and element.value.value == f"{name.value.value}-{mode}"
        inherited = element.name not in PER_ENVIRONMENT and (element.name,) not in BY_PATH
        if same and (inherited or element.name == "name"):
            inside = [*element.value.comments()]
            waiting += [*lines(element.above), *inside, *element.after]
            continue
        element.above[:0] = waiting
        waiting = []
        kept.append(element)
    scope.elements[:] = kept
    scope.end[:0] = waiting
    return scope


class _Worker(Mover):
    """The wrangler config of one mode."""

    no_equivalent = "a wrangler config has no equivalent that KV Lens knows"

    def __init__(self, root: Value) -> None:
        super().__init__(Value("table"))
        inside = root.get("worker")
        worker = root if inside is None else inside.value
        name = worker.get("name") if worker.kind == "table" else None
        self._own_name = None if name is None else name.value.value
        self._waiting += root.head
        for element in root.elements:
            if element is not inside:
                if inside is not None or element.name in _SETTINGS:
                    self._setting(element)
                continue
            self._waiting += [*lines(element.above), *element.value.head]
            self._members(worker)
            self._waiting += [*lines(worker.end), *element.after]
        if inside is None:
            self._members(worker)
        self.config.end += [*self._waiting, *lines(root.end)]

    def _members(self, worker: Value) -> None:
        for element in worker.elements:
            name = element.name or ""
            special = _SPECIAL.get(name)
            if name in _WORKER:
                self._renamed(element, self.config, *_WORKER[name])
            elif special is not None:
                special(self, element)
            elif name not in _SETTINGS:
                self._lose(element)

    def _setting(self, element: Element) -> None:
        if element.name == "containers":
            self._containers(element)
            return
        if element.name not in _SETTINGS:
            self._lose(element)
            return
        if element.name == "complianceRegion":
            region = element.value.value
            element.value.value = next(
                (one for one, other in REGIONS.items() if other == region), region
            )
        self._renamed(element, self.config, *_SETTINGS[element.name])

    def _list(self, *path: str) -> Value:
        """Return the array at a path, creating it."""
        *tables, name = path
        holder = table_at(self.config, tables, 0)
        found = holder.get(name)
        if found is None:
            found = Element(Value("array"), name)
            holder.elements.append(found)
        return found.value

    # bindings -----------------------------------------------------------------------------------

    def _env(self, element: Element) -> None:
        with self._within(element):
            for member in element.value.elements if element.value.kind == "table" else ():
                if member.value.kind == "null" or member.value.value is False:
                    self._waiting += [*lines(member.above), *member.after]
                    continue
                kind = member.value.get("type")
                said = "" if kind is None else str(kind.value.value)
                binding = BY_TYPE.get(said)
                if kind is not None:
                    member.value.elements.remove(kind)
                    self._waiting += [*lines(kind.above), *kind.after]
                if binding is not None:
                    self._binding(member, binding)
                elif kind is not None and said.startswith(UNSAFE_TYPE):
                    self._unsafe_binding(member, said.removeprefix(UNSAFE_TYPE))
                elif said in _VALUES and (value := member.value.get("value")):
                    member.value = value.value
                    self._add(table_at(self.config, ["vars"], member.line), member)
                elif said == "secret":
                    name = Element(
                        text_value(member.name or ""), line=member.line, after=member.after
                    )
                    self._waiting += member.above
                    self._add(self._list("secrets", "required"), name)
                elif said == "assets":
                    name = Element(text_value(member.name or ""), "binding", member.line)
                    self._waiting += [*lines(member.above), *member.after]
                    self._add(table_at(self.config, ["assets"], member.line), name)
                else:
                    if kind is not None:
                        member.value.elements.insert(0, kind)
                    self._lose(member, name=f"env.{member.name}")

    def _binding(self, member: Element, binding: Binding) -> None:
        entry = Value("table", head=member.value.head, compact=True)
        name = Element(text_value(member.name or ""), binding.key, member.line)
        fields = {path: name for name, path in binding.fields.items()}
        fields[("remote",)] = "remote"  # `defineWorker` has it beside the id
        outer, self._waiting = self._waiting, []
        entry.elements.append(name)
        self._fields(entry, member.value, (), fields, binding)
        entry.end = [*self._waiting, *member.value.end]
        self._waiting = outer
        above = lines(member.above)
        if binding.single:
            found = Element(entry, binding.path[0], member.line, [*above], member.after)
            self._add(self.config, found)
            return
        item = Element(entry, line=member.line, above=[*above], after=member.after)
        self._add(self._list(*binding.path), item)

    def _fields(
        self,
        entry: Value,
        value: Value,
        path: tuple[str, ...],
        fields: Mapping[tuple[str, ...], str],
        binding: Binding,
    ) -> None:
        for element in value.elements:
            here = (*path, element.name or "")
            name = fields.get(here)
            is_own = name == "script_name" and element.value.value == self._own_name
            if is_own and binding.type in IN_THIS_WORKER:
                self._waiting += [*lines(element.above), *element.after]
                continue
            if name is not None:
                element.name = name
                self._add(entry, element)
            elif any(known[: len(here)] == here for known in fields):
                with self._within(element):
                    self._fields(entry, element.value, here, fields, binding)
            else:
                self._lose(element, name=f"{binding.type}.{'.'.join(here)}")

    def _unsafe_binding(self, member: Element, kind: str) -> None:
        name = Element(text_value(member.name or ""), "name", member.line)
        member.value.elements[:0] = [name, Element(text_value(kind), "type", member.line)]
        item = Element(member.value, line=member.line, above=member.above, after=member.after)
        self._add(self._list("unsafe", "bindings"), item)

    def _unsafe(self, element: Element) -> None:
        holder = table_at(self.config, ["unsafe"], element.line)
        with self._within(element):
            self._rename_members(element.value, _UNSAFE)
            for member in element.value.elements:
                self._add(holder, member)

    def _exports(self, element: Element) -> None:
        self._renamed(element, self.config, "exports", None)
        for item in element.value.elements:
            container = item.value.get("container") if item.value.kind == "table" else None
            name = container.value.get("name") if container is not None else None
            if container is not None and name is not None:  # a constant
                container.value = name.value
        self._rename_each(element.value, _EXPORT)

    def _containers(self, element: Element) -> None:
        for item in element.value.elements:
            members = Value("table", elements=item.value.elements)
            item.value.elements = []
            outer, self._waiting = self._waiting, []
            self._fields(item.value, members, (), _CONTAINER, Binding("containers", ()))
            for member in item.value.elements:
                name, value = member.name or "", member.value
                if name in CONTAINER_WORDS and value.kind == "string":
                    value.value = str(value.value).replace("-", "_")
                elif value.kind == "table" and name in CONTAINER_TABLES:
                    self._rename_members(value, _reversed(CONTAINER_TABLES[name]))
                elif name in CONTAINER_LISTS:
                    self._rename_each(value, _reversed(CONTAINER_LISTS[name]))
            item.value.end[:0] = self._waiting
            self._waiting = outer
        self._add(self.config, element)

    # lists --------------------------------------------------------------------------------------

    def _triggers(self, element: Element) -> None:
        with self._within(element):
            for item in element.value.elements:
                kind = item.value.get("type")
                said = None if kind is None else kind.value.value
                members = {one.name: one for one in item.value.elements if one is not kind}
                pattern, zone = members.get("pattern"), members.get("zone")
                inside = [*item.value.comments()]
                if said == "scheduled" and members.keys() == {"schedule"}:
                    self._listed(item, members["schedule"].value, inside, "triggers", "crons")
                elif (
                    said == "fetch"
                    and pattern is not None
                    and members.keys() <= {"pattern", "zone"}
                ):
                    if zone is None:
                        self._listed(item, pattern.value, inside, "routes")
                        continue
                    zone.name = "zone_name" if "." in str(zone.value.value) else "zone_id"
                    route = table_of([pattern, zone], compact=True)
                    self._listed(item, route, [], "routes")
                elif said == "queue" and kind is not None:
                    item.value.elements.remove(kind)
                    self._rename_members(item.value, _CONSUMER)
                    self._listed(item, item.value, [], "queues", "consumers")
                else:
                    self._lose(item, name=f"triggers: {said}")

    def _listed(self, item: Element, value: Value, comments: list[str], *path: str) -> None:
        item.value = value
        item.above = [*item.above, *comments]
        self._add(self._list(*path), item)

    def _domains(self, element: Element) -> None:
        with self._within(element):
            for item in element.value.elements:
                custom = Element(Value("boolean", True), "custom_domain")
                if item.value.kind == "table":
                    self._rename_members(item.value, _DOMAIN)
                    item.value.elements.append(custom)
                    self._listed(item, item.value, [], "routes")
                else:
                    route = table_of([Element(item.value, "pattern"), custom], compact=True)
                    self._listed(item, route, [], "routes")

    def _tails(self, element: Element) -> None:
        for item in element.value.elements:
            self._rename_members(item.value, {"worker": ("service", None)})
        element.name = "tail_consumers"
        self._add(self.config, element)

    def _assets(self, element: Element) -> None:
        assets = table_at(self.config, ["assets"], element.line)
        with self._within(element):
            self._rename_members(element.value, _reversed(ASSETS))
            for member in element.value.elements:
                self._add(assets, member)


def _reversed(fields: Fields) -> dict[str, tuple[str, Fields | None]]:
    return {
        other: (name, None if inner is None else _reversed(inner))
        for name, (other, inner) in fields.items()
    }


_WORKER, _SETTINGS, _CONSUMER = _reversed(WORKER), _reversed(SETTINGS), _reversed(CONSUMER)
_UNSAFE, _EXPORT = _reversed(UNSAFE), _reversed(EXPORT)
_CONTAINER: dict[tuple[str, ...], str] = {
    **{path: name for name, path in CONTAINER.items()},
    **dict.fromkeys((DOCKERFILE, REFERENCE), "image"),
}
_DOMAIN: Fields = {
    "hostname": ("pattern", None),
    "production": ("enabled", None),
    "previews": ("previews_enabled", None),
}
_VALUES = ("text", "json")
_SPECIAL = {
    "env": _Worker._env,
    "triggers": _Worker._triggers,
    "domains": _Worker._domains,
    "tailConsumers": _Worker._tails,
    "assets": _Worker._assets,
    "unsafe": _Worker._unsafe,
    "exports": _Worker._exports,
    "containers": _Worker._containers,
}
