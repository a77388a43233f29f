"""`.dev.vars`: the secrets of a Worker on this machine, in the syntax of dotenv files."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import WorkerError

# After the grammar that the npm package dotenv documents: NAME=value, quotes of three kinds,
# which may hold line ends; without quotes up to a # or the line's end.
_LINE = re.compile(
    r"""^[^\S\n]*(?:export[^\S\n]+)?(?P<name>[\w.-]+)
        (?:[^\S\n]*=[^\S\n]*|:[^\S\n]+)
        (?P<value>'(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^\#\n]*)?
        [^\S\n]*(?:\#[^\n]*)?$""",
    re.MULTILINE | re.VERBOSE,
)


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


def places(folder: Path, environment: str | None) -> list[Path]:
    """Return the files that can hold the variables; the first that is there counts alone."""
    named = [folder / f".dev.vars.{environment}"] if environment else []
    return [*named, folder / ".dev.vars"]


def read(folder: Path, environment: str | None) -> dict[str, str]:
    """Return the variables for an environment, as wrangler chooses their file.

    `.dev.vars.ENVIRONMENT` stands in place of `.dev.vars`, not beside it. Where there is
    neither, `.env`, `.env.ENVIRONMENT`, `.env.local` and `.env.ENVIRONMENT.local` are read, a
    later one over an earlier one. Raises WorkerError for a file that cannot be read.
    """
    for path in places(folder, environment):
        if path.is_file():
            return _read(path)
    found: dict[str, str] = {}
    for path in env_files(folder, environment):
        if path.is_file():
            found.update(_read(path))
    return found


def env_files(folder: Path, environment: str | None) -> list[Path]:
    """Return the `.env` files in the order in which they are read."""
    names = [".env", f".env.{environment}", ".env.local", f".env.{environment}.local"]
    return [folder / name for name in names if environment or ".None" not in name]


def _read(path: Path) -> dict[str, str]:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorkerError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WorkerError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
