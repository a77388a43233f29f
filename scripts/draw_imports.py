"""Draw which part of the package imports which: `python -m scripts.draw_imports`.

A part is a package or a module directly in server/kvlens. The drawing is text from the code, the
same on every machine; docs/architecture.md has its outline.
"""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from scripts.toolchain import ROOT

PACKAGE = ROOT / "server" / "kvlens"


@dataclass
class Part:
    """A part of the package; `imports` counts the modules of it that import another part."""

    modules: int = 0
    lines: int = 0
    imports: Counter[str] = field(default_factory=Counter)


def read_parts(package: Path = PACKAGE) -> dict[str, Part]:
    """Return the parts of a package by name."""
    names = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    parts: dict[str, Part] = {}
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).with_suffix("").parts
        if inside[0].startswith("__"):
            continue
        part = parts.setdefault(inside[0], Part())
        text = path.read_text(encoding="utf-8")
        part.modules += 1
        part.lines += len(text.splitlines())
        imported = set(_imported(ast.parse(text), (package.name, *inside)))
        part.imports.update(sorted(imported & names - {inside[0]}))
    return parts


def _imported(tree: ast.AST, module: tuple[str, ...]) -> Iterator[str]:
    """Yield the parts that a module imports; `module` is its dotted name, in parts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = module[: len(module) - node.level] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            found = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in found:
            first, _, rest = name.partition(".")
            if first == module[0] and rest:
                yield rest.partition(".")[0]


def levels(parts: Mapping[str, Part]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return each part's level, 0 if it imports nothing, and the imports that close a cycle."""
    below = {name: set(part.imports) & set(parts) for name, part in parts.items()}
    circles: list[tuple[str, str]] = []
    while True:
        try:
            order = list(
                TopologicalSorter({n: sorted(below[n]) for n in sorted(below)}).static_order()
            )
            break
        except CycleError as error:
            found: list[str] = error.args[1]
            steps = list(zip(found[1:], found, strict=False))  # each imports the next
            step = min(steps, key=lambda step: (parts[step[0]].imports[step[1]], step))
            circles.append(step)
            below[step[0]].discard(step[1])
    level: dict[str, int] = {}
    for name in order:
        level[name] = 1 + max((level[other] for other in below[name]), default=-1)
    return level, sorted(circles)


def drawing(package: Path = PACKAGE) -> str:
    """Return the drawing: one line per part, below everything that imports it."""
    parts = read_parts(package)
    rows = [("level", "part", "modules", "lines", "imports (by how many of its modules)")]
    for number, name, others in _by_level(parts):
        part = parts[name]
        imports = ", ".join(f"{other} {part.imports[other]}" for other in others)
        rows.append((number, name, str(part.modules), f"{part.lines:,}", imports))
    total = Part(
        sum(part.modules for part in parts.values()), sum(part.lines for part in parts.values())
    )
    rows.append(("", "all", str(total.modules), f"{total.lines:,}", ""))
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    drawn = []
    for number, name, modules, lines, imports in rows:
        left = f"{number:>{wide[0]}}  {name:<{wide[1]}}"
        drawn.append(f"{left}  {modules:>{wide[2]}}  {lines:>{wide[3]}}  {imports}")
    drawn += [
        f"circle: {one} imports {other}, which imports it too" for one, other in levels(parts)[1]
    ]
    return "\n".join(line.rstrip() for line in drawn) + "\n"


def outline(package: Path = PACKAGE, width: int = 96) -> str:
    """Return the drawing without frequently changing counts: levels, parts and imports."""
    parts = read_parts(package)
    wide = max(map(len, parts))
    drawn = [f"level  {'part':<{wide}}  imports"]
    for number, name, others in _by_level(parts):
        head = f"{number:>5}  {name:<{wide}}  "
        imports = ", ".join(others) or "nothing"
        drawn.append(
            textwrap.fill(imports, width, initial_indent=head, subsequent_indent=" " * len(head))
        )
    return "\n".join(drawn) + "\n"


def _by_level(parts: Mapping[str, Part]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each part's level, name and imports, highest first."""
    level, _ = levels(parts)
    for name in sorted(parts, key=lambda name: (-level[name], name)):
        others = sorted(parts[name].imports, key=lambda other: (-level[other], other))
        yield str(level[name]), name, others


if __name__ == "__main__":
    print(drawing(), end="")
