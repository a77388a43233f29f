"""The measurements of a part of the soak, as a line of a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """A measurement; something is wrong above its limit."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    found: Sequence[str] = field(default=())

    @property
    def is_fine(self) -> bool:
        """Return whether the limit isn't exceeded."""
        return self.limit is None or self.value <= self.limit


def table(title: str, results: Sequence[Result]) -> str:
    """Return the results as lines of text."""
    width = max(len(result.name) for result in results)
    lines = [title]
    for result in results:
        limit = "" if result.limit is None else f"   at most {result.limit:,.6g}"
        mark = "" if result.is_fine else "   WRONG"
        lines.append(f"  {result.name:<{width}}  {result.value:>12,.6g} {result.unit}{limit}{mark}")
        lines += [f"    {finding}" for finding in result.found]
    return "\n".join(lines)


def save(path: Path, parts: dict[str, Sequence[Result]]) -> None:
    """Write all results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {title: [asdict(result) for result in results] for title, results in parts.items()}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
