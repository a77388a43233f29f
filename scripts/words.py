"""Find words that a newcomer has to learn: `python -m scripts.words`.

PHRASES are looked for in documents, comments, docstrings and messages; NAMES in the names of
modules, classes and functions.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.toolchain import ROOT

PLACES = (
    # files to check, except this table and its test
    "*.md",
    "Makefile",
    "pyproject.toml",
    "docs/**/*.md",
    "examples/*.md",
    "examples/src/**/*.js",
    "extension/*.md",
    "extension/package.json",
    "extension/package.nls.json",
    "extension/src/**/*.ts",
    "scripts/**/*.py",
    "server/kvlens/**/*.py",
    "server/kvlens/**/*.js",
    "tests/**/*.py",
)
LEFT_OUT = ("node_modules/", "scripts/words.py", "tests/unit/test_words.py")

PHRASES: dict[str, str] = {
    # pattern: better
    r"\banew\b": "again; restarted on every change",
    r"\bstand(s|ing)? (?!for\b)|\bstands\b(?! for\b)": "is",
    r"\bmend(s|ed|ing|able)?\b": "fix",
    r"\bspoil(s|ed|t|ing)?\b": "break",
    r"\b(tell|tells|told|telling) of\b": "report, show",
    r"\b(is|are|was|were) (not )?told\b(?! apart)": "reported",
    r"\bkeystrokes? by|\bkey strokes?\b": "keystroke",
    r"\brid of\b": "delete, remove",
    r"\bwhose (rules|behavior|behaviour)\b": "which runtime to imitate",
    r"(?<!there )\b(is|are|was|were) no (?!longer\b|more\b|such\b)[a-z]+": "is not a",
    r"\b(that|and|which) (is|are) none\b": "say what it is not",
    r"\bnothing of\b(?! its own)": "nothing in, none of",
    r"\bout of sight\b": "staged in batches",
    r"\b(how much of )?the talk with\b": "LSP traffic",
    r"\bnot sure is not said\b": "uncertain cases aren't reported",
    r"\bone word too many\b": "unexpected argument",
    r"\b(goes?|stands?|comes?) behind\b": "put after",
    r"\bfailed inside\b": "internal error",
    r"(?<!declared )\btwice in\b|\bfor the second time\b": "is declared twice; duplicate key",
    r"\bleave the clock out\b": "pass a duration, without Date.now()",
    r"\btick what to add\b": "select extras",
    r"\bkeeps ending\b": "keeps crashing",
    r"\bof the strict judge|\b(strict )?judges?\b|\bjudged\b": "parser, syntax check, decide",
    r"\bany more(?= *[.,;:)!]| *$)": "no longer",
    r"\b(passes|pass) over (it|them)\b": "ignores",
    r"\bwhere nobody can ask\b|\bnobody can be asked\b": "in a script",
    r"\b(mistakes?|errors?|bugs?) of ours\b": "internal error, bug in KV Lens",
    r"\bwithout measure\b": "unlimited, huge",
    r"\bhave nothing in it\b|\bhas nothing in it\b": "is empty",
    r"\b(tell|tells) whether\b": "return whether",
    r"\b(let|lets|letting) go of\b": "close, release",
    r"\bfold(s|ed)? in\b": "checkpoint",
    r"\bhalf-way\b": "unfinished",
    r"\bunder way\b": "running, in progress",
    r"\bset-up\b": "setup",
    r"\bseldom\b|\bsurely\b": "rarely, certainly",
    r"\bwho knows\b|\bwhoever\b": "say what happens, or which process",
    r"\b(raise|raises|error|none|nothing|false) where\b": "if",
    r"\bso many (bytes|digits|lines|pauses|problems|rows|seconds|steps)\b": "this many",
    r"\bwrit(e|es|ten) down\b": "write to a journal",
    r"\b(folder|project|thread) of (its|one's|their) own\b": "a separate",
    r"\bputs? off\b|\bin vain\b|\bdearer\b": "delay; without success; slower",
    r"\bheld against\b|\bclear(s|ed)? away\b": "report; clean up",
    r"\bother people's\b": "third-party",
    r"\bthe (runtime|workerd|server) of the moment\b": "the current",
    r"\b(behaviour|colour|favour|honour|neighbour)|\bmisspelt\b": "American spelling",
    r"\bwhereof\b|\bthereof\b|\btherein\b|\blest\b|\bwhilst\b": "plain English",
}

NAMES: dict[str, str] = {
    # a module as "folder/name", else a class or function: better
    "source/reach": "js/binding_resolver",
    "source/reading": "js/analysis",
    "source/values": "js/constants/evaluator",
    "source/names": "js/scopes",
    "source/leftovers": "lint/js/unused_bindings",
    "source/declared": "js/config_bindings",
    "source/silence": "lint/suppressions",
    "rules/mending": "lint/config/fix_helpers",
    "rules/fixing": "lint/config/fixes",
    "rules/strays": "lint/config/misplaced_lists",
    "rules/columns": "lint/config/bindings_by_env",
    "rules/words": "lint/wording",
    "rules/silence": "lint/suppressions",
    "config/judge": "config/syntax_check",
    "config/plain": "config/load",
    "config/around": "config/project_context",
    "stores/many": "stores/batch",
    "stores/own": "stores/safe_paths",
    "stores/leftovers": "stores/orphans",
    "stores/peer": "stores/emulator_client",
    "emulator/peer": "emulator/store_api",
    "emulator/guard": "emulator/auth",
    "worker/front": "worker/proxy",
    "worker/layout": "worker/workerd_config",
    "worker/find": "worker/binaries",
    "lsp/children": "lsp/subprocesses",
    "lsp/live": "lsp/live_store",
    "lsp/sizes": "lsp/formatting",
    "lsp/startup": "lsp/lazy_types",
    "scripts/typist": "scripts/replay_typing",
    "scripts/survey": "scripts/lint_corpus",
    "unit/marks": "unit/marked_text",
    "heard": "apply_suppressions",
    "levelled": "with_severity",
    "judge": "syntax_check",
    "breathe": "yield_control",
    "soon": "create_task",
    "tell": "show_message",
    "opened": "did_open",
    "changed": "did_change",
    "watched": "did_change_watched_files",
    "Named": "RuleInfo, NamespaceRef",
    "Kept": "SnapshotEntry",
    "Verb": "Command",
    "Columns": "EnvBindings",
    "Reached": "NamespaceAccess",
    "Remembering": "HasMemos",
    "Stray": "MisplacedList",
    "Tally": "StatsCache",
    "hear": "note_other_writer",
    "undisturbed": "garbage_collection_paused",
}

_PATTERNS = [(re.compile(pattern, re.IGNORECASE), better) for pattern, better in PHRASES.items()]


class Found(NamedTuple):
    """A word that should be replaced."""

    line: int
    word: str
    better: str


def words_in(path: Path, text: str) -> list[Found]:
    """Return the words to replace in a file, in order."""
    if path.suffix == ".py":
        tree = ast.parse(text)
        pieces: Iterable[tuple[int, str]] = (*_strings(tree), *_comments(text))
        found = [*_names(path, tree)]
    else:
        pieces = _paragraphs(text)
        found = []
    for line, piece in pieces:
        flat = " ".join(piece.split())
        for pattern, better in _PATTERNS:
            found += [Found(line, match[0].strip(), better) for match in pattern.finditer(flat)]
    return sorted(found)


def _names(path: Path, tree: ast.AST) -> Iterator[Found]:
    module = f"{path.parent.name}/{path.stem}"
    if better := NAMES.get(module):
        yield Found(1, module, better)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and (
            better := NAMES.get(node.name)
        ):
            yield Found(node.lineno, node.name, better)


def _strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the strings, each f-string as one."""
    inside: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= set(node.values)
            values = [one.value if isinstance(one, ast.Constant) else "…" for one in node.values]
            yield node.lineno, "".join(map(str, values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield node.lineno, node.value


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments, joining those on consecutive lines."""
    first, last, piece = 0, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            if line != last + 1:
                yield first, piece
                first, piece = line, ""
            last, piece = line, f"{piece} {token.string.lstrip('# ')}"
    yield first, piece


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    line = 1
    for piece in re.split(r"(\n\s*\n)", text):
        if not piece.isspace():
            yield line, re.sub(r"^\s*(//|\*|#|--)", "", piece, flags=re.MULTILINE)
        line += piece.count("\n")


# -- the repository ---------------------------------------------------------------------------


def files(root: Path = ROOT) -> dict[str, Path]:
    """Return the files to check, by their path from the root."""
    found = {
        path.relative_to(root).as_posix(): path for place in PLACES for path in root.glob(place)
    }
    return {
        name: path
        for name, path in sorted(found.items())
        if path.is_file() and not any(part in name for part in LEFT_OUT)
    }


def scan(root: Path = ROOT) -> dict[str, list[Found]]:
    """Return the words to replace in each file that has any."""
    found = {name: words_in(path, path.read_text("utf-8")) for name, path in files(root).items()}
    return {name: words for name, words in found.items() if words}


def main() -> int:
    """Print every private word; return 1 if there are any."""
    found = scan()
    for name, words in found.items():
        for word in words:
            print(f'{name}:{word.line}: "{word.word}"; better: {word.better}')
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
