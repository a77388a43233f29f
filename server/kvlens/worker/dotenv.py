"""Read a Worker's local secrets as wrangler does: `.dev.vars`, or `.env` files.

Source: workers-sdk, `getVarsForDev`, and the packages dotenv and dotenv-expand that it uses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from kvlens import files
from kvlens.worker.errors import WorkerError

LARGEST = 1024 * 1024  # bytes of one file
_LONGEST = 1024 * 1024  # characters of one value, expanded

# The grammar that the npm package dotenv documents: NAME=value with three kinds of quotes, which
# may contain line ends; an unquoted value ends at a # or the line's end.
_LINE = re.compile(
    r"""^[^\S\n]*(?:export[^\S\n]+)?(?P<name>[\w.-]+)
        (?:[^\S\n]*=[^\S\n]*|:[^\S\n]+)
        (?P<value>'(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^\#\n]*)?
        [^\S\n]*(?:\#[^\n]*)?$""",
    re.MULTILINE | re.VERBOSE,
)
_REFERENCE = re.compile(r"(?<!\\)\$\{([^{}]+)\}|(?<!\\)\$([A-Za-z_][A-Za-z0-9_]*)")
_OPERATOR = re.compile(r":\+|\+|:-|-")


def parse(text: str) -> dict[str, str]:
    r"""Return the variables of a dotenv text; in double quotes \n and \r are line ends.

    >>> parse('A=1\nexport B = "x # y"  # comment\nC=\'$a\'\n# D=1\nE=')
    {'A': '1', 'B': 'x # y', 'C': '$a', 'E': ''}
    """
    found: dict[str, str] = {}
    for match in _LINE.finditer(text.removeprefix("\ufeff").replace("\r\n", "\n")):
        value = (match["value"] or "").strip()
        quote = value[:1]
        if len(value) >= 2 and quote in "'\"`" and value.endswith(quote):
            value = value[1:-1]
            if quote == '"':
                value = value.replace("\\n", "\n").replace("\\r", "\r")
        found[match["name"]] = value
    return found


def expand(found: Mapping[str, str], shell: Mapping[str, str] | None = None) -> dict[str, str]:
    r"""Return the variables with `$NAME` and `${NAME:-default}` replaced by their values.

    The variables of `shell` take precedence. Raises ValueError if a value grows without
    end.

    >>> expand({"A": "one", "B": "${A}-two", "C": "${X:-d}", "D": r"\$A"})
    {'A': 'one', 'B': 'one-two', 'C': 'd', 'D': '$A'}
    """
    shell = dict(shell or {})
    done: dict[str, str] = {}
    for name, value in found.items():
        if shell.get(name) and shell[name] != value:
            value = shell[name]
        else:
            value = _expanded(name, value, shell, done)
        done[name] = value.replace("\\$", "$")
    return done


def _expanded(name: str, text: str, shell: Mapping[str, str], done: Mapping[str, str]) -> str:
    known = {**done, **shell}
    seen: set[str] = set()
    while (match := _REFERENCE.search(text)) is not None:
        seen.add(text)
        expression = match[1] or match[2]
        operator = _OPERATOR.search(expression)
        key = expression[: operator.start()] if operator else expression
        default = expression[operator.end() :] if operator else ""
        value = known.get(key, "")
        if operator is not None and operator[0] in (":+", "+"):
            value, default = "", default if value else ""
        if value and value not in seen:
            default = value
        text = text.replace(match[0], _as_replacement(default, text, match), 1)
        if text == done.get(key):
            break
        if len(text) > _LONGEST or len(seen) > 10_000:
            raise ValueError(f"{name} refers to itself")
    return text


def _as_replacement(text: str, whole: str, match: re.Match[str]) -> str:
    """Return a replacement text as JavaScript's `replace` expands it: $$, $&, $` and $'."""
    if "$" not in text:
        return text
    start = whole.index(match[0])
    meaning = {
        "$$": "$",
        "$&": match[0],
        "$`": whole[:start],
        "$'": whole[start + len(match[0]) :],
    }
    return re.sub(r"\$[$&`']", lambda found: meaning[found[0]], text)


def places(folder: Path, environment: str | None) -> list[Path]:
    """Return the possible `.dev.vars` files. Only the first existing one counts."""
    named = [folder / f".dev.vars.{environment}"] if environment else []
    return [*named, folder / ".dev.vars"]


def env_files(folder: Path, environment: str | None) -> list[Path]:
    """Return the `.env` files in the order in which they are read."""
    names = [".env", ".env.local"]
    if environment:
        names += [f".env.{environment}", f".env.{environment}.local"]
    return [folder / name for name in names]


def read(
    folder: Path,
    environment: str | None,
    required: Iterable[str] | None = None,
    shell: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Return the variables for an environment, from the files that wrangler would read.

    `.dev.vars.ENVIRONMENT` replaces `.dev.vars`. If neither exists, `.env`, `.env.local`,
    `.env.ENVIRONMENT` and `.env.ENVIRONMENT.local` are read, later files override earlier ones,
    and references to other variables are expanded. With `required` (the config's
    `secrets.required`), or CLOUDFLARE_INCLUDE_PROCESS_ENV=true, the shell's variables count
    too. Raises WorkerError for a file that can't be read.
    """
    for path in places(folder, environment):
        if _is_there(path):
            return _read(path)
    if shell.get("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "true").lower() == "false":
        return {}
    found: dict[str, str] = {}
    for path in env_files(folder, environment):
        if _is_there(path):
            found.update(_read(path))
    included = shell.get("CLOUDFLARE_INCLUDE_PROCESS_ENV", "false").lower() == "true"
    given = dict(shell) if required is not None or included else {}
    try:
        return {**given, **expand(found, given)}
    except ValueError as error:
        raise WorkerError(f"{folder / '.env'}: {error}; its value would have no end") from error


def _is_there(path: Path) -> bool:
    """Return whether anything is there. Reading it reports what isn't a regular file."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def _read(path: Path) -> dict[str, str]:
    try:
        return parse(files.read_text(path, LARGEST))
    except OSError as error:
        raise WorkerError(f"{path}: {error.strerror or 'unreadable'}") from error
    except UnicodeDecodeError as error:
        raise WorkerError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
