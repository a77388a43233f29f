"""Move the members of a config into its other form, each with its comments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kvlens.config.document.cloudflare_fields import Fields
from kvlens.config.document.model import Comments, Element, Notice, Value, lines
from kvlens.config.document.unrepresentable import as_comments


class Mover:
    """A config that is being made, what has no equivalent in it, and the comments for what follows.

    `no_equivalent`: why a member without a new name is left as a comment.
    """

    no_equivalent = ""

    def __init__(self, config: Value) -> None:
        self.config = config
        self.notices: list[Notice] = []
        self._waiting: Comments = []

    def _lose(self, element: Element, reason: str | None = None, name: str | None = None) -> None:
        reason = reason or self.no_equivalent
        self.notices.append(Notice(element.line, f"{name or element.name}: {reason}"))
        self._waiting += as_comments(element, reason)

    def _add(self, holder: Value, element: Element) -> None:
        element.above[:0] = self._waiting
        self._waiting = []
        holder.elements.append(element)

    @contextmanager
    def _within(self, element: Element) -> Iterator[None]:
        """Keep the comments around the members of a table or an array that is taken apart."""
        self._waiting += [*lines(element.above), *element.value.head]
        yield
        self._waiting += [*lines(element.value.end), *element.after]

    def _renamed(self, element: Element, holder: Value, name: str, inner: Fields | None) -> None:
        element.name = name
        self._add(holder, element)
        if inner is not None and element.value.kind == "table":
            self._rename_members(element.value, inner)

    def _rename_each(self, value: Value, fields: Fields) -> None:
        """Rename the members of each table in a table or an array."""
        for element in value.elements:
            if element.value.kind == "table":
                self._rename_members(element.value, fields)

    def _rename_members(self, value: Value, fields: Fields) -> None:
        elements, outer = value.elements, self._waiting
        value.elements, self._waiting = [], []
        for element in elements:
            known = fields.get(element.name or "")
            if known is None:
                self._lose(element)
            else:
                self._renamed(element, value, *known)
        value.end[:0] = self._waiting
        self._waiting = outer
