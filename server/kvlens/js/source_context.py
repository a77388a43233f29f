"""A source's project: its configs and the types of its other files, without tests."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from kvlens import files, lookups
from kvlens.config.find import CONFIG_NAMES
from kvlens.config.model import Config
from kvlens.js.analysis import Analysis, EnvType
from kvlens.js.config_bindings import QUOTED, declared, entries
from kvlens.js.env_types import may_declare, own_types
from kvlens.js.parts import Part
from kvlens.js.program import Modules
from kvlens.js.shared_objects import SHARED, SHARING
from kvlens.js.similar_names import may_have_slips
from kvlens.js.syntax import Source
from kvlens.memo import memo

_TEST_FOLDERS = {"test", "tests", "__tests__", "__mocks__", "mocks", "e2e", "fixtures", "spec"}
_TEST_FOLDER = re.compile(r"[._-](?:tests?|e2e)\Z|\A(?:e2e|tests?)[._-](?:utils?|helpers?)\Z")
_TEST_NAME = re.compile(r"[._-](?:test|spec|mock|e2e|bench)s?\.", re.IGNORECASE)
_CALL = re.compile(r"\.\s*(?:get|getWithMetadata|put|delete|list)\s*(?:<|\(|\?\.)")
_WRITE = re.compile(r"\.\s*(?:put|delete)\s*\(")
_KV_ONLY = ("KVNamespace", "getWithMetadata", "expirationTtl", "cacheTtl")
_KV_TYPES = tuple(
    f"{q}{name}{q}" for name in ("json", "text", "arrayBuffer", "stream") for q in "\"'"
)
_KV_WORD = re.compile(r"\b(?:expiration|metadata)\b")
# The first line of a bundle, for what most bundles need.
_BUNDLE = re.compile(
    r"(?:[\"']use strict[\"'];?\s*)?var __(?:defProp|create|getOwnPropNames) = Object\."
)

_CONFIG_LIKE = re.compile(r"\.(?:toml|jsonc?)(?:\.|$)")
_VARIABLES = ".dev.vars"  # also .dev.vars.staging
_VARIABLE = re.compile(r"^\s*(?:export\s+)?([\w.-]+)\s*[=:]", re.MULTILINE)
_MAX_SIZE = 1_000_000  # bytes


def is_test(path: str, configs: Sequence[Config] = ()) -> bool:
    """Return whether a file is for tests, which make mistakes on purpose.

    Only folders below a config's folder count: a project may be in a folder "test".
    """
    folder, name = os.path.split(path)
    if _TEST_NAME.search(name):
        return True
    if any(_is_in_test_folder(folder, config.path) for config in configs):
        return True
    inner_most = os.path.basename(folder)  # noqa: PTH119
    return inner_most in _TEST_FOLDERS or bool(_TEST_FOLDER.search(inner_most))


@functools.lru_cache(maxsize=2_000)
def _is_in_test_folder(folder: str, config: str) -> bool:
    try:
        inner = PurePath(folder).relative_to(PurePath(config).parent).parts
    except ValueError:
        return False
    return any(name in _TEST_FOLDERS or _TEST_FOLDER.search(name) for name in inner)


@dataclass(frozen=True)
class SourceContext:
    """The project information for a source.

    configs: of the Workers that the source belongs to, see `belonging`. Without any, bindings
        aren't checked against a config.
    types: the members of Env in the project's other sources, see `env_types`.
    other_texts: the quoted texts in other configs of the folder, see `other_config_texts`.
    modules: the project's sources, to follow what a source imports; None to follow it alone.
    """

    configs: Sequence[Config] = ()
    types: Mapping[str, EnvType] = field(default_factory=dict)
    other_texts: frozenset[str] = frozenset()
    modules: Modules | None = field(default=None, compare=False)


ALONE = SourceContext()


def read(source: Source, context: SourceContext = ALONE, part: Part | None = None) -> Analysis:
    """Analyze a source in its project; the result is kept with it, unless it is of a `part`."""
    last = _last_analysis(source)
    if part is None and last and _same(last[0][0], context):
        return last[0][1]
    analysis = Analysis(source, declared(context.configs), context.types, context.modules, part)
    if part is None:
        last[:] = [(context, analysis)]
    return analysis


@memo
def _last_analysis(source: Source) -> list[tuple[SourceContext, Analysis]]:
    """Return a list with the last analysis of a source, if any, for the next one to replace."""
    return []


def _same(one: SourceContext, other: SourceContext) -> bool:
    return (
        len(one.configs) == len(other.configs)
        and all(mine is its for mine, its in zip(one.configs, other.configs, strict=True))
        and (one.types is other.types or one.types == other.types)
        and one.other_texts == other.other_texts
        and one.modules is other.modules
    )


def other_config_texts(folder: Path) -> frozenset[str]:
    """Return the quoted texts in files such as wrangler.staging.toml or wrangler.toml.example.

    Such a config may declare what the project's config doesn't, and so do the names of the
    variables in `.dev.vars`. Unreadable files are skipped.
    """
    found: set[str] = set()
    for name, _ in lookups.entries(folder):
        if is_other_config(name):
            pattern = _VARIABLE if name.startswith(_VARIABLES) else QUOTED
            found.update(pattern.findall(files.text_or_empty(folder / name, _MAX_SIZE)))
    return frozenset(found)


def is_other_config(name: str) -> bool:
    """Return whether `other_config_texts` reads a file, by its name."""
    is_config = "wrangler" in name and name not in CONFIG_NAMES and _CONFIG_LIKE.search(name)
    return bool(is_config) or name.startswith(_VARIABLES)


def may_matter(text: str, context: SourceContext = ALONE, path: str | None = None) -> bool:
    """Return quickly, without parsing, whether a source could have problems.

    With its path, also whether it imports a namespace from a module of the project, or gets one, or
    imports what writes to one. What esbuild has made of other sources doesn't matter, unless a
    config starts it.
    """
    if _BUNDLE.match(text) and not any(path in entries(config) for config in context.configs):
        return False
    text = own_types(text)
    kv = declared(context.configs).kv
    if any(name in text for name in kv):
        return True
    if context.configs and may_declare(text, kv=bool(kv)):
        return True
    if not _CALL.search(text):
        return path is not None and _imports_writes(path, context)
    if _has_kv_words(text) or any(
        name in text for name, what in context.types.items() if what != "other"
    ):
        return True
    if may_have_slips(text, kv):
        return True
    if path is None or context.modules is None:
        return False
    words = ("KVNamespace", *kv)
    if context.modules.is_near(path, words):
        return True
    return SHARED.search(text) is not None and any(
        context.modules.matching(word, SHARING) for word in words
    )


def _has_kv_words(text: str) -> bool:
    # looking for words is much faster than for a pattern
    if any(word in text for word in (*_KV_ONLY, *_KV_TYPES)):
        return True
    may_match = "expiration" in text or "metadata" in text
    return may_match and _KV_WORD.search(text) is not None


def _imports_writes(path: str, context: SourceContext) -> bool:
    """Return whether a source imports what may write to a namespace, which it has to wait for."""
    if context.modules is None:
        return False
    words = ("KVNamespace", *declared(context.configs).kv)
    return any(
        _WRITE.search(text) and any(word in text for word in words)
        for text in context.modules.imported_texts(path)
    )


@memo
def env_types(source: Source) -> dict[str, EnvType]:
    """Return the members of Env in a source, for `SourceContext.types`."""
    return Analysis(source).env_types
