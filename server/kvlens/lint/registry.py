"""Every rule there is, found in `lint/config`, `lint/js` and `lint/seeds`: one file, one rule.

A new file with a `RULE` is all it takes. Rules are listed by domain, then by code; those of a
domain are imported when they are first asked for, so that checking a config reads no other.
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
    """Return the rules of one domain by their codes."""
    package = importlib.import_module(f"kvlens.lint.{domain}")
    modules = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    rules = [importlib.import_module(f"{package.__name__}.{name}").RULE for name in modules]
    return {rule.code: rule for rule in rules}


@cache
def rules() -> Mapping[str, Rule]:
    """Return all rules by their codes: those of configs, of sources, of seed files."""
    return {code: rule for domain in DOMAINS for code, rule in rules_of(domain).items()}


def find_rule(code: str) -> Rule | None:
    """Return the rule of that code, if there is one; other domains are read only if need be."""
    for domain in DOMAINS:
        if rule := rules_of(domain).get(code):
            return rule
    return None
