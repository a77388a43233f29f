"""Find the configs that other files name: package.json's scripts, Vite's config and CI files.

Sources: `--config`/`-c` of wrangler's commands; `configPath` and `auxiliaryWorkers[].configPath` of
Cloudflare's Vite plugin. Only strings that are certain count: no variables, no expressions.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from kvlens import files, lookups

LARGEST = 1024 * 1024  # bytes of a file that names configs
_MOST = 100  # configs that one file may name
VITE_CONFIG = re.compile(r"vite(?:st)?\.config\.[cm]?[jt]s\Z")
_CI_FILE = re.compile(r"\.gitlab-ci\.ya?ml\Z")
_WORKFLOWS = (".github", "workflows")
_SUFFIXES = {".toml", ".json", ".jsonc"}
_COMMANDS = {"wrangler", "opennextjs-cloudflare"}
_ENDS = re.compile(r"&&|\|\||[;|&\n]")
_WORD = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|&&|\|\||[;|&\n]|[^\s\"';|&]+")
_FLAG = re.compile(r"(--config|-c|--persist-to|--cwd)(?:=(.*))?\Z", re.DOTALL)
_DEEPEST = 3  # commands in quotes, as in `concurrently "wrangler dev -c x"`
_COMMENT_OR_STRING = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\.)*`?"
    r"|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))",
    re.DOTALL,
)
_CONFIG_PATH = re.compile(r"\bconfigPath\s*:\s*(?:\"([^\"\\\n]+)\"|'([^'\\\n]+)'|`([^`\\$\n]+)`)")
_STEP = re.compile(r"[ \t]*(?:-[ \t]+)?(?:(run|command|script):[ \t]*)?(.*)")
_CONTINUED = re.compile(r"\\\r?\n[ \t]*")
_WORKING_FOLDER = re.compile(r"(?m)^[ \t-]*working-?directory:[ \t]*[\"']?([^\s\"'#$]+)", re.I)


class Command(NamedTuple):
    """One run of wrangler in a script: its configs, and where it keeps state, as it names them."""

    folder: str  # where it runs, relative to the script's folder
    configs: tuple[str, ...]
    persist_to: str | None
    is_dev: bool  # `wrangler dev`, also `wrangler pages dev`


def is_reference_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a file may name configs, by its path."""
    folder, name = os.path.split(path)
    if name == "package.json" or VITE_CONFIG.match(name) or _CI_FILE.match(name):
        return True
    return name.endswith((".yml", ".yaml")) and Path(folder).parts[-2:] == _WORKFLOWS


def named_in(path: Path) -> list[Path]:
    """Return the existing files that a file names as configs, as absolute paths. Never fails.

    They may be anywhere: the caller decides which of them it follows.
    """
    state = lookups.stamp(path)
    if state is None:
        return []
    whole = os.path.normpath(path.absolute())
    found = _named(whole, *state)
    return [candidate for candidate in map(Path, found) if files.is_regular(candidate)]


@lru_cache(maxsize=1_000)
def _named(path: str, *_stamp: int) -> tuple[str, ...]:
    place = Path(path)
    try:
        text = files.read_text(path, LARGEST, errors="replace")
    except OSError:
        return ()
    if place.name == "package.json":
        names = _of_package(text)
    elif VITE_CONFIG.match(place.name):
        names = _of_vite(text)
    else:
        names = _of_ci(text)
    base = place.parent
    if base.parts[-2:] == _WORKFLOWS:
        base = base.parents[1]
    found: dict[str, None] = {}
    for name in names:
        if Path(name).suffix in _SUFFIXES and "\0" not in name:
            found.setdefault(os.path.normpath(base / name))
        if len(found) == _MOST:
            break
    return tuple(found)


def _of_package(text: str) -> Iterator[str]:
    for command in commands_of(scripts_of(text)):
        for name in command.configs:
            yield os.path.join(command.folder, name)  # noqa: PTH118 - "" must stay ""


def _of_vite(text: str) -> Iterator[str]:
    if "configPath" not in text:
        return
    for found in _CONFIG_PATH.finditer(without_comments(text)):
        yield found[1] or found[2] or found[3]


def _of_ci(text: str) -> Iterator[str]:
    if "wrangler" not in text:
        return
    folders = ["", *dict.fromkeys(_WORKING_FOLDER.findall(text))][:20]
    has_action = "wrangler-action" in text  # its `command` is without the word wrangler
    seen: set[str] = set()
    for line in _CONTINUED.sub(" ", text).splitlines():
        found = _STEP.match(line) if "-c" in line else None  # in --config too
        if found is None:
            continue
        script = found[2].partition(" #")[0].strip("\"' \t")
        if has_action and found[1] == "command" and "wrangler" not in script:
            script = f"wrangler {script}"
        for command in commands_of([script]):
            names = {os.path.join(command.folder, name) for name in command.configs}  # noqa: PTH118
            for name in sorted(names - seen):
                yield from (os.path.join(folder, name) for folder in folders)  # noqa: PTH118
            seen |= names


def scripts_of(text: str) -> list[str]:
    """Return the scripts of a package.json; none if it is malformed."""
    if "wrangler" not in text and "opennextjs-cloudflare" not in text:
        return []
    try:
        package: Any = json.loads(text)
    except (ValueError, RecursionError):
        return []
    scripts = package.get("scripts") if isinstance(package, dict) else None
    if not isinstance(scripts, dict):
        return []
    return [script for script in scripts.values() if isinstance(script, str)]


def commands_of(scripts: Iterable[str], depth: int = 0, folder: str = "") -> Iterator[Command]:
    """Yield the runs of wrangler in shell scripts, those in quotes too."""
    for script in scripts:
        here = folder
        command: list[str] = []
        for word in [*_WORD.findall(script), ";"]:
            if not _ENDS.fullmatch(word):
                command.append(word)
                continue
            plain = [each.strip("\"'") if each[:1] in "\"'" else each for each in command]
            if plain[:1] == ["cd"] and len(plain) == 2:
                here = os.path.join(here, plain[1])  # noqa: PTH118
            elif found := _command(plain, here):
                yield found
            if depth < _DEEPEST:
                inside = [each[1:-1] for each in command if each[:1] in "\"'" and " " in each]
                yield from commands_of(inside, depth + 1, here)
            command = []


def _command(words: list[str], folder: str) -> Command | None:
    """Return the run of wrangler that a command is, if any."""
    rest = iter(words)
    if not any(word.rpartition("/")[2].partition("@")[0] in _COMMANDS for word in rest):
        return None
    options: dict[str, list[str]] = {}
    is_dev = False
    for word in rest:
        is_dev = is_dev or word == "dev"
        if found := _FLAG.match(word):
            value = found[2] if found[2] is not None else next(rest, "")
            value = value.strip("\"'") or next(rest, "").strip("\"'")
            if value and not set(value) & set("$`*{}<>"):  # known only at run time
                options.setdefault(found[1], []).append(value)
    for name in options.get("--cwd", [])[-1:]:
        folder = os.path.join(folder, name)  # noqa: PTH118
    configs = (*options.get("--config", ()), *options.get("-c", ()))
    persist_to = next(iter(options.get("--persist-to", ())), None)
    return Command(folder, configs, persist_to, is_dev)


def without_comments(text: str) -> str:
    """Return code with its comments blanked out; strings stay."""
    return _COMMENT_OR_STRING.sub(
        lambda found: " " * len(found[0]) if found["comment"] is not None else found[0], text
    )
