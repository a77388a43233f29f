"""A Worker ready for workerd: its modules, or its one script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kvlens.worker.sourcemap import SourceMap
from kvlens.worker.syntax import is_module

Kind = Literal["esModule", "commonJsModule", "text", "data", "wasm"]


@dataclass(frozen=True)
class Module:
    """One module: the name that imports use, and its content."""

    name: str
    kind: Kind
    content: bytes


@dataclass(frozen=True)
class Script:
    """`modules[0]` is the entry, and the only one of a service worker."""

    modules: tuple[Module, ...]
    service_worker: bool = False
    sources: Mapping[str, Path] = field(default_factory=dict)
    """Module name -> its file, for modules that aren't bundled."""
    maps: Mapping[str, SourceMap] = field(default_factory=dict)
    """Module name -> the source map of its bundle."""
    inputs: frozenset[Path] = frozenset()
    """The input files. When one changes, the script must be built again."""
    warnings: tuple[str, ...] = ()


def plain_script(text: str, *, modules: bool | None = None, name: str = "worker.mjs") -> Script:
    """Return a Worker from its text; None for `modules` detects whether it is a module."""
    if modules is None:
        modules = is_module(text)
    return Script((Module(name, "esModule", text.encode()),), service_worker=not modules)
