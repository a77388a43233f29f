"""Convert a config between TOML, JSON with comments, and a cloudflare.config.ts."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Literal, NamedTuple

from kvlens.config.comments import comments
from kvlens.config.document.from_cloudflare import wrangler_table
from kvlens.config.document.model import Document, Element, Notice, text_value
from kvlens.config.document.read import SCHEMA, read_document
from kvlens.config.document.to_cloudflare import NAME, write_cloudflare
from kvlens.config.document.unrepresentable import dates_as_text, no_json, no_toml, without
from kvlens.config.document.write_braced import write_json
from kvlens.config.document.write_toml import write_toml
from kvlens.config.find import ConfigError
from kvlens.config.model import Config
from kvlens.config.reader import load_text
from kvlens.config.syntax_check import check_config_syntax, find_mistake
from kvlens.operations.errors import InvalidError

Language = Literal["jsonc", "toml", "ts"]
LANGUAGES: tuple[Language, ...] = ("jsonc", "toml", "ts")
TITLES: dict[Language, str] = {"jsonc": "JSONC", "toml": "TOML", "ts": NAME}
_BY_SUFFIX: dict[str, Language] = {
    ".toml": "toml",
    ".json": "jsonc",
    ".jsonc": "jsonc",
    **dict.fromkeys((".ts", ".mts", ".js", ".mjs"), "ts"),
}
_NO_OBJECT = "there is no object with settings, so there is nothing to convert; write one first"
_SCHEMA = "node_modules/wrangler/config-schema.json"


class Converted(NamedTuple):
    """The text of a config in another language, and what it couldn't keep."""

    text: str
    notices: list[Notice]


def convert_config(text: str, path: str, to: Language) -> Converted:
    """Return a config in another language, with its comments and in its order.

    What has no equivalent there is a comment in the result, and in the notices. Raises ConfigError
    for a config with a mistake, or in code that isn't known without running it; InvalidError if it
    is in that language already.
    """
    if to not in languages(path):
        raise InvalidError(f"{path} is {TITLES[to]} already; convert it to another language")
    config = load_text(text, path)
    mistake = find_mistake(config)
    if mistake is not None:
        raise ConfigError(f"{path}:{mistake.line}: {mistake.message}; fix it first", mistake.line)
    notices: list[Notice] = []
    if config.is_json and not _is_object(config):
        raise ConfigError(f"{path}: {_NO_OBJECT}", 1)
    if config.is_code:
        document, notices = _of_code(text, path)
    else:
        document = read_document(config)
    if to == "toml":
        notices += without(document.root, no_toml)
        written = write_toml(document)
    else:
        notices += without(document.root, no_json) + dates_as_text(document.root)
        if to == "ts":
            written, more = write_cloudflare(document)
            notices += more
        else:
            _add_schema(document)
            written = write_json(document)
    fault = check_config_syntax(load_text(written, f"result.{to}"))
    if fault is not None:
        raise ConfigError(f"{path}: can't be converted ({fault.message}); convert it by hand")
    return Converted(written, sorted(notices))


def _is_object(config: Config) -> bool:
    """Return whether the value in a JSON file is an object."""
    start = 0
    for comment in comments(config.text, syntax=config.syntax):
        if config.text[start : comment.start].strip("\ufeff \t\r\n"):
            break
        start = comment.end
    return config.text[start:].lstrip("\ufeff \t\r\n").startswith("{")


def languages(path: str) -> list[Language]:
    """Return the languages that a config can be converted to."""
    own = None if PurePath(path).suffix == ".json" else language_of(path)
    return [one for one in LANGUAGES if one != own]


def language_of(path: str) -> Language | None:
    """Return the language that a file's name stands for; None for an unknown one."""
    return _BY_SUFFIX.get(PurePath(path).suffix)


def converted_path(path: Path, to: Language) -> Path:
    """Return where a converted config belongs: next to the original."""
    if to == "ts":
        return path.with_name(NAME)
    is_code = "ts" not in languages(str(path))
    return path.with_name(f"wrangler.{to}") if is_code else path.with_suffix(f".{to}")


def _of_code(text: str, path: str) -> tuple[Document, list[Notice]]:
    from kvlens.js.config_document import read_code  # late: only for code

    found = read_code(text, path)
    roots = [found.document.root, *(root for root, _ in found.modes.values())]
    if all(root.kind != "table" for root in roots):
        raise ConfigError(f"{path}: {_NO_OBJECT}", 1)
    root, notices = wrangler_table(found.document.root, found.modes)
    found.document.root = root
    return found.document, [*found.notices, *notices]


def _add_schema(document: Document) -> None:
    """Add the field by which editors know what a wrangler.jsonc may contain."""
    if document.root.get(SCHEMA) is None:
        document.root.elements.insert(0, Element(text_value(_SCHEMA), SCHEMA))
