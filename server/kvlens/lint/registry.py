"""Find all rules in `lint/config`, `lint/js` and `lint/seeds`: one rule per file.

To add a rule, add a file with a `RULE`. Rules are sorted by domain, then by code. A domain's rules
are imported at first use: checking a config doesn't import the others.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import get_args

from kvlens.lint.base import Domain, Rule

DOMAINS: tuple[Domain, ...] = get_args(Domain)


@cache
def rules_of(domain: Domain) -> Mapping[str, Rule]:
    """Return the rules of one domain by code."""
    package = f"kvlens.lint.{domain}"
    rules = [importlib.import_module(f"{package}.{name}").RULE for name in _modules(domain)]
    return {rule.code: rule for rule in rules}


@cache
def codes() -> frozenset[str]:
    """Return the codes of all rules, by the names of their files: without importing them."""
    return frozenset(name.replace("_", "-") for domain in DOMAINS for name in _modules(domain))


def _modules(domain: Domain) -> list[str]:
    package = importlib.import_module(f"kvlens.lint.{domain}")
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


@cache
def rules() -> Mapping[str, Rule]:
    """Return all rules by code: for configs, sources and seed files."""
    return {code: rule for domain in DOMAINS for code, rule in rules_of(domain).items()}


def is_off_by_default(code: str) -> bool:
    """Return whether a rule only runs for users who turn it on."""
    rule = find_rule(code)
    return rule is not None and rule.off_by_default


@cache
def find_rule(code: str) -> Rule | None:
    """Return the rule with this code, if any; other domains are imported only if necessary."""
    for domain in DOMAINS:
        if rule := rules_of(domain).get(code):
            return rule
    return None
