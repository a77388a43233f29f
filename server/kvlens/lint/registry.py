"""Every rule there is: of configs, of seed files and of the code."""

from __future__ import annotations

from kvlens.lint.base import Severity
from kvlens.lint.config_rules import RULES


def severities() -> dict[str, tuple[Severity, str]]:
    """Return each rule's severity and summary by its code, those of configs first.

    The rules of the code bring parsers along, so they are imported when this is first asked.
    """
    from kvlens.lint.js_rules import SOURCE_RULES

    rules = [*RULES.values(), *SOURCE_RULES.values()]
    return {rule.code: (rule.severity, rule.summary) for rule in rules}
