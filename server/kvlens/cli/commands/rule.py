"""Explain a rule of `kvlens check`.

Section: Tools
"""

from __future__ import annotations

import argparse
import sys

from kvlens.cli.frame import Argument, Command, Options, UsageError
from kvlens.cli.terminal import json_text
from kvlens.lint.pages import page
from kvlens.lint.registry import find_rule, rules
from kvlens.spelling import nearest


def _rule(options: Options) -> int:
    """Print the pages; return 2 for an unknown rule."""
    if options.all == bool(options.words):
        raise UsageError("name one rule, or give --all")
    if options.all:
        found = list(rules().values())
    else:
        (code,) = options.words
        rule = find_rule(code)
        if rule is None:
            meant = nearest(code, rules())
            hint = f'did you mean "{meant}"?' if meant else "`kvlens rule --all` lists them"
            raise UsageError(f'there is no rule "{code}"; {hint}')
        found = [rule]
    if options.output_format == "json":
        items = [
            {
                "code": rule.code,
                "severity": rule.severity,
                "default": rule.default,
                "domain": rule.domain,
                "summary": rule.summary,
                "fixable": getattr(rule, "fixes", None) is not None,
                "url": rule.url,
                "explanation": page(rule),
            }
            for rule in found
        ]
        print(json_text(items if options.all else items[0]))
    elif options.all:
        width = max(len(rule.code) for rule in found)
        for rule in found:
            print(f"{rule.code:<{width}}  {rule.default:<11}  {rule.summary}")
    else:
        sys.stdout.write(page(found[0]))
    return 0


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="list all rules")
    parser.add_argument(
        "--output-format",
        choices=("text", "json"),
        default="text",
        help="the format of the output (default: text)",
    )


COMMAND = Command(
    "Explain a rule of `kvlens check`, or list all rules.",
    _rule,
    _options,
    (Argument("[CODE]", "the rule to explain, such as id-empty"),),
    ("kvlens rule id-empty", "kvlens rule --all", "kvlens rule --all --output-format json"),
    {1: "the rule could not be printed", 2: "there is no such rule"},
)
