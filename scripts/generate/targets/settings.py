"""The settings in extension/package.json, including those of rules, and in docs/settings.md."""

from __future__ import annotations

import json
import re
from typing import Any

from kvlens.lint.registry import rules
from kvlens.lint.suppressions import LEVELS
from kvlens.lsp.setting_table import SETTINGS, Setting
from kvlens.stores.registry import every_store

from scripts.generate.manifest import MANIFEST, inline, put_texts
from scripts.generate.tree import Tree, table

TYPES = {str: "string", bool: "boolean", int: "integer", tuple: "array", dict: "object"}
WIDTH = 100  # a longer list of strings has one line per item


def write(tree: Tree) -> None:
    """Write both."""
    texts: dict[str, str] = {}
    properties = [
        " " * 8 + _member(f"kvlens.{setting.name}", _schema(setting, order, texts))
        for order, setting in enumerate(SETTINGS.values(), 1)
    ]
    put_texts(tree, "setting.", texts)
    begin = '"configuration": {\n      "title": "KV Lens",\n      "properties": {\n'
    end = '\n      }\n    },\n    "languages"'
    tree.replace(
        MANIFEST, re.escape(begin), begin + ",\n".join(" " * 8 + one for one in properties), end
    )
    rows = [_row(setting) for setting in SETTINGS.values()]
    tree.fill("docs/settings.md", "settings", table(("setting", "default", "what"), rows))


# -- the manifest -----------------------------------------------------------------------------


def _schema(setting: Setting, order: int, texts: dict[str, str]) -> dict[str, Any]:
    """Return the schema of a setting, and add its texts by their keys."""

    def text(key: str, english: str) -> str:
        if english:
            texts[key] = english
        return f"%setting.{key}%" if english else ""

    name = setting.name
    schema: dict[str, Any] = {"type": TYPES[type(setting.default)], "default": setting.default}
    if setting.limits:
        schema["minimum"], schema["maximum"] = setting.limits
    if setting.choices:
        schema["enum"] = [*setting.choices]
        if any(setting.choices.values()):
            schema["markdownEnumDescriptions"] = [
                text(f"{name}.{choice}", about) for choice, about in setting.choices.items()
            ]
    if setting.items:
        schema["items"] = {"type": setting.items}
    about = setting.about
    if name == "store":
        about += "\n\n" + "\n".join(
            f"- {', '.join(f'`{url}`' for url in info.urls)} {info.summary}"
            for info in every_store()
        )
    schema |= {"order": order, "scope": setting.scope, "markdownDescription": text(name, about)}
    if name == "rules":
        schema["additionalProperties"] = False
        schema["properties"] = {
            code: {
                "enum": LEVELS,
                "description": text(f"rules.{code}", f"{rule.summary}. Default: {rule.default}."),
            }
            for code, rule in rules().items()
        }
    return schema


def _member(name: str, value: Any, indent: int = 8) -> str:
    """Return a member of an object in the style of the manifest: short values on one line."""
    inner = " " * (indent + 2)
    if isinstance(value, dict) and indent < 12 and (len(value) > 1 or _long(value)):
        members = ",\n".join(inner + _member(key, one, indent + 2) for key, one in value.items())
        shown = f"{{\n{members}\n{' ' * indent}}}"
    elif isinstance(value, list) and _long(value):
        members = ",\n".join(inner + inline(one) for one in value)
        shown = f"[\n{members}\n{' ' * indent}]"
    else:
        shown = inline(value)
    return f"{json.dumps(name)}: {shown}"


def _long(value: Any) -> bool:
    return len(inline(value)) > WIDTH


# -- the document -----------------------------------------------------------------------------


def _row(setting: Setting) -> tuple[str, str, str]:
    parts = [setting.about]
    parts += [f'`"{value}"`: {about}' for value, about in setting.choices.items() if about]
    if setting.choices and len(parts) == 1:
        parts.append(f"One of {', '.join(f'`{json.dumps(value)}`' for value in setting.choices)}.")
    if setting.page:
        title = setting.page.removesuffix("/README.md").removesuffix(".md")
        parts.append(f"See [{title}]({setting.page}).")
    if not setting.of_server:
        parts.append("VS Code only.")
    return f"`kvlens.{setting.name}`", f"`{json.dumps(setting.default)}`", " ".join(parts)
