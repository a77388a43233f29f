"""A comment that should silence a rule, but names none that there is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from kvlens.config.edit import Edit
from kvlens.config.model import Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem
from kvlens.lint.suppressions import suppressions
from kvlens.lint.wording import quoted


def _check(config: Config) -> Iterator[Finding]:
    for silence in suppressions(config):
        if not silence.codes:
            yield Finding(
                silence.span,
                "This comment names no rule, and silences nothing: write the rule's name behind "
                "it, such as id-placeholder.",
            )
        for code, span in silence.codes:
            if code not in _codes():
                nearest = _nearest(code)
                way_out = f"Did you mean {quoted(nearest)}?" if nearest else "Remove it."
                yield Finding(
                    span,
                    f"There is no rule {quoted(code)}, so that this silences nothing. {way_out}",
                    data={"nearest": nearest} if nearest else None,
                )


# Found in configs by those who read the code too (kvlens.js).
_OF_OTHERS = ("binding-unused",)


def _codes() -> list[str]:
    return [
        *_OF_OTHERS,
        *importlib.import_module("kvlens.lint.config_rules").RULES,
    ]  # late: it is made of this one too


def _nearest(code: str) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(code.lower().replace("_", "-"), _codes(), n=1, cutoff=0.6)
    return close[0] if close else None


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    nearest = problem.data.get("nearest") if problem.data else None
    if nearest:
        yield Fix(f"Change to {nearest}", (Edit(problem.span, str(nearest)),), safe=True)


RULE = ConfigRule(
    "silence-unknown",
    "warning",
    "A comment silences a rule that does not exist",
    _check,
    _fixes,
)
