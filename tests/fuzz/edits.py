"""Edits of a config: the result is valid, and the rest of the file is kept."""

from __future__ import annotations

from collections import Counter

from kvlens.config.comments import comments
from kvlens.config.edit import add_namespace, applied
from kvlens.config.find import ConfigError
from kvlens.config.model import Config
from kvlens.config.reader import load_text
from kvlens.config.syntax_check import check_syntax
from kvlens.lint.fix_helpers import rename_binding
from kvlens.lint.rewrites import rewrites
from kvlens.text import Span

from tests.fuzz import config_json, config_toml
from tests.fuzz.configs import text_of

NEW = "BRAND_NEW"
EXAMPLES = (*config_toml.EXAMPLES, *config_json.EXAMPLES, b"", b"{}", b"a = 1", b"[env.a]")
WORDS = (*config_toml.WORDS, *config_json.WORDS)


def target(data: bytes) -> None:
    """Add a namespace, rename one, convert lists."""
    text = text_of(data)
    is_json = text.lstrip("\ufeff \t\r\n/")[:1] == "{"
    path = "/project/wrangler.jsonc" if is_json else "/project/wrangler.toml"
    config = load_text(text, path)
    environments: list[str | None] = [known.name for known in config.environments[:3]]
    for environment in environments:
        _add(config, environment)
    if check_syntax(text, path) is not None:
        return
    names = [namespace.binding for namespace in config.namespaces()[:2]]
    for name in names:
        edits = rename_binding(config, name, NEW).edits
        if edits:
            after = load_text(applied(text, edits), path)
            assert check_syntax(after.text, path) is None, "a rename breaks the file"
            wanted = Counter(_key(config, rename=(name, NEW)))
            assert Counter(_key(after)) == wanted, "a rename changes more than the name"
            _keeps_comments(config, after)
    for namespace in config.namespaces()[:2]:
        for fix in rewrites(config, Span(*namespace.span)):
            after = load_text(applied(text, fix.edits), path)
            assert check_syntax(after.text, path) is None, f"{fix.title} breaks the file"
            _keeps_comments(config, after)
            if fix.title.startswith("Write it"):
                assert Counter(_key(after)) == Counter(_key(config)), f"{fix.title} loses something"


def _add(config: Config, environment: str | None) -> None:
    try:
        edit = add_namespace(config, NEW, environment)
    except ConfigError:
        return
    after = load_text(edit.applied(config.text), config.path)
    assert NEW in [known.binding for known in after.namespaces(environment)], "not added"
    before = Counter(_key(config))
    assert not before - Counter(_key(after)), "something was lost"
    _keeps_comments(config, after)


def _key(config: Config, rename: tuple[str, str] = ("", "")) -> list[tuple[str | None, str, str]]:
    """Return what a config declares: environment, binding and id."""
    found = []
    for environment in config.environments:
        for kv in environment.kv:
            for entry in kv.entries:
                if binding := entry.text_of("binding"):
                    binding = rename[1] if binding == rename[0] else binding
                    ids = f"{entry.text_of('id')} {entry.text_of('preview_id')}"
                    found.append((environment.name, binding, ids))
    return found


def _keeps_comments(before: Config, after: Config) -> None:
    lost = Counter(_comments(before)) - Counter(_comments(after))
    assert not lost, f"comments are lost: {lost}"


def _comments(config: Config) -> list[str]:
    found = comments(config.text, syntax=config.syntax)
    return [config.text[slice(*span)].strip() for span in found]
