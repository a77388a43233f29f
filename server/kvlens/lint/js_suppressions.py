"""Comments that silence a rule on one line of a source, written as in configs.

`// kvlens-disable-line CODE[, CODE]` speaks of its own line, `// kvlens-disable-next-line …` of
the one below; `/* … */` does too. A reason may follow after ` -- `.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kvlens.js.syntax import Source
from kvlens.lint.base import Problem
from kvlens.text import LineIndex

_MARK = b"kvlens-disable-"
_COMMENT = re.compile(r"(?://|/\*+)\s*kvlens-disable-(line|next-line)\b[ \t]*:?([^\r\n*]*)")
_CODE = re.compile(r"[^\s,]+")


def apply_suppressions(source: Source, problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems that no comment silences. A problem is of the line it begins on."""
    found = list(problems)
    if not found or _MARK not in source.offsets.data:
        return found
    index = LineIndex(source.text)
    quiet = set(_quiet(source, index))
    return [
        problem
        for problem in found
        if (index.position(problem.span.start).line, problem.code) not in quiet
    ]


def _quiet(source: Source, index: LineIndex) -> Iterable[tuple[int, str]]:
    data = source.offsets.data
    at = data.find(_MARK)
    while at >= 0:
        node = source.root.descendant_for_byte_range(at, at + len(_MARK))
        at = data.find(_MARK, at + 1)
        comment = _COMMENT.match(source.text_of(node)) if node and node.type == "comment" else None
        if node is None or comment is None:
            continue
        line = index.position(source.span(node).start).line + (comment[1] == "next-line")
        for code in _CODE.findall(comment[2].split(" --")[0]):
            yield line, code
