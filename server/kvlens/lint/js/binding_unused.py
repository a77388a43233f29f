"""A namespace that the config declares and no source of the Worker names."""

from __future__ import annotations

from kvlens.lint.js_base import ProjectRule

RULE = ProjectRule(
    "binding-unused",
    "information",
    "The config declares a namespace that the code does not use",
)
