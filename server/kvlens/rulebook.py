"""Every rule there is: of configs, of seed files and of the code."""

from __future__ import annotations

from kvlens.rules import RULES, Severity


def severities() -> dict[str, tuple[Severity, str]]:
    """Return each rule's severity and summary by its code, those of configs first.

    The rules of the code bring parsers along, so they are imported when this is first asked.
    """
    from kvlens.source.rules import SOURCE_RULES

    rules = [*RULES.values(), *SOURCE_RULES.values()]
    return {rule.code: (rule.severity, rule.summary) for rule in rules}
