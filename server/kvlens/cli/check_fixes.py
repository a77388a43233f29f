"""Fix what `kvlens check` has found, in the files or as a diff."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from kvlens.cli.check_run import Run
from kvlens.cli.frame import CommandError
from kvlens.cli.reports.places import amount, shown
from kvlens.cli.terminal import exact_output
from kvlens.files import FileRefusedError, read_bytes, replace_bytes, way_out_of
from kvlens.lint.checked import Checked
from kvlens.lint.copies import without_copies
from kvlens.lint.fix_file import fixed_text
from kvlens.lint.problems import number_of
from kvlens.lint.severities import Severities
from kvlens.text import NotTextError, byte_order_mark, decode

_LARGEST = 2 * 1024 * 1024  # bytes of a file to fix; what is checked is smaller


def show_fixes(files: Sequence[Checked], run: Run) -> int:
    """Write a diff of what would be fixed; return the exit code, 1 if there is any."""
    texts = _fixed_texts(files, run.severities)
    to = sys.stdout if sys.stdout.isatty() else exact_output()
    for file in files:
        if file.path not in texts:
            continue
        try:
            if not run.texts:
                _refuse_to_fix(file)
            mark = run.mark if run.texts else _mark_of(file)
        except (CommandError, OSError) as error:
            _warn(error)
            continue
        to.writelines(_difference(file, texts[file.path], mark))
    return 1 if texts else 0


def fix(files: list[Checked], run: Run) -> tuple[list[Checked], bool]:
    """Write the fixes, to standard output for standard input.

    Returns the files checked again, and whether all fixes were written: a file that can't be is
    named on standard error, and the others are fixed all the same.
    """
    texts = _fixed_texts(files, run.severities)
    if run.texts:
        ((path, text),) = run.texts.items()
        exact_output().write(run.mark + texts.get(path, text))
        run.texts = {path: texts.get(path, text)}
        return run.check(), True
    reported = without_copies(files)
    written = 0
    for file in files:
        if file.path in texts:
            try:
                _write_fixed(file, texts[file.path])
                written += 1
            except (CommandError, OSError) as error:
                _warn(error)
    if not written:
        return reported, not texts
    run.severities.forget()
    found = run.check()
    solved = amount(_count(reported) - _count(found), "problem")
    print(f"Fixed {solved} in {amount(written, 'file')}.", file=sys.stderr)
    return found, written == len(texts)


def _count(files: Sequence[Checked]) -> int:
    return sum(number_of(problem) for file in files for problem in file.problems)


def _warn(error: CommandError | OSError) -> None:
    why = str(error)
    if isinstance(error, OSError) and error.filename:
        why = f"{shown(Path(error.filename))}: {error.strerror}"
    print(f"kvlens check: {why}", file=sys.stderr)


def _fixed_texts(files: Sequence[Checked], severities: Severities) -> dict[Path, str]:
    """Return the texts of the files that have fixes, with the fixes."""
    found: dict[Path, str] = {}
    for file in files:
        if file.fixable is not None and file.problems:
            text = fixed_text(file.fixable, file.problems, severities.of(file.path))
            if text is not None:
                found[file.path] = text
    return found


def _difference(file: Checked, text: str, mark: str = "") -> Iterator[str]:
    """Yield a unified diff between a file and its text with fixes, which `git apply` accepts.

    `mark` is the byte order mark that the file has, if any. Lines end as they do in the file.
    """
    name = shown(file.path)
    before, after = (list(StringIO(mark + whole, newline="\n")) for whole in (file.text, text))
    old, new = _in_diff(f"a/{name}"), _in_diff(f"b/{name}")
    for line in difflib.unified_diff(before, after, old, new):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _in_diff(name: str) -> str:
    """Return a file's name as git writes it: with a tab after spaces, or in quotes."""
    if any(char in '"\\' or ord(char) < ord(" ") for char in name):
        return f'"{"".join(map(_quoted, name))}"'
    return f"{name}\t" if " " in name else name


def _quoted(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char >= " " else f"\\{ord(char):03o}"


def _write_fixed(file: Checked, text: str) -> None:
    """Replace the text of a file that is still as it was checked, keeping a byte order mark.

    Raises the errors of `_refuse_to_fix`, and those of `_mark_of`.
    """
    _refuse_to_fix(file)
    replace_bytes(file.path, (_mark_of(file) + text).encode())


def _refuse_to_fix(file: Checked) -> None:
    """Raise CommandError for a file that is read-only or outside the current folder; OSError."""
    out = way_out_of(Path.cwd(), file.path)
    if out is not None:
        link, target = out
        raise CommandError(
            f"{shown(file.path)}: not fixed: {link} is a link to {target}, outside this folder; "
            "name that file instead"
        )
    if not file.path.stat().st_mode & 0o222:
        raise CommandError(f"{shown(file.path)}: not fixed: it is read-only")


def _mark_of(file: Checked) -> str:
    """Return the byte order mark that a file has, or nothing.

    Raises CommandError if the file isn't text, or not as it was checked.
    """
    try:
        data = read_bytes(file.path, _LARGEST)
        text = decode(data)
    except FileRefusedError as error:
        raise CommandError(str(error)) from error
    except NotTextError as error:
        raise CommandError(f"{shown(file.path)}: not fixed: it {error}") from error
    if text != file.text:
        raise CommandError(f"{shown(file.path)}: changed while it was checked; run this again")
    return byte_order_mark(data)
