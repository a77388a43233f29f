"""The results of a benchmark: rows, their table for people, their JSON for machines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

NO_PEER = "(no peer)"


@dataclass(frozen=True)
class Row:
    """One comparison. `ratio` is how many times better ours is: above 1 is better than the peer.

    If no other tool does the same, `theirs` and `ratio` are None, `peer` says so, and only the
    limit counts. Lower is better (times, memory) unless `higher` is set (operations per second).
    """

    what: str
    unit: str
    ours: float
    peer: str
    theirs: float | None
    samples: int
    higher: bool = False
    aim: float | None = None  # the target ratio
    limit: float | None = None  # the maximum for ours, in `unit`

    @property
    def ratio(self) -> float | None:
        """How many times better ours is than the peer's."""
        if self.theirs is None:
            return None
        better, worse = (self.ours, self.theirs) if self.higher else (self.theirs, self.ours)
        return better / worse if worse else float("inf")

    @property
    def verdict(self) -> str:
        """The target and whether it was reached, or nothing if there is none."""
        parts = []
        if self.aim is not None and self.ratio is not None:
            parts.append(f"aim {_figure(self.aim)}x{'' if self.ratio >= self.aim else ' missed'}")
        if self.limit is not None:
            missed = "" if self.ours <= self.limit else " missed"
            parts.append(f"under {_figure(self.limit)} {self.unit}{missed}")
        return ", ".join(parts)


def table(title: str, rows: Sequence[Row], notes: Iterable[str] = ()) -> str:
    """Return one topic as a table of text."""
    head = ("", "KV Lens", "peer", "", "ratio", "samples", "")
    lines = [
        (
            f"{row.what} [{row.unit}]",
            _figure(row.ours),
            "" if row.theirs is None else _figure(row.theirs),
            row.peer,
            "" if row.ratio is None else f"{_figure(row.ratio)}x",
            str(row.samples),
            row.verdict,
        )
        for row in rows
    ]
    widths = [max(len(line[at]) for line in [head, *lines]) for at in range(len(head))]
    text = [title]
    for line in [head, *lines]:
        cells = [
            cell.ljust(width) if at in (0, 3, 6) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join([*text, *(f"  {note}" for note in notes)])


def save(path: Path, topics: dict[str, Sequence[Row]]) -> None:
    """Write all rows as JSON, with the machine they were measured on."""
    document: dict[str, Any] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "topics": {
            name: [{**asdict(row), "ratio": _rounded(row.ratio)} for row in rows]
            for name, rows in topics.items()
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _rounded(ratio: float | None) -> float | None:
    return round(ratio, 3) if ratio is not None and isfinite(ratio) else None


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least this share of all samples doesn't exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


def _figure(value: float) -> str:
    """Write a number with three significant digits."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
