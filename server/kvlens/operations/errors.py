"""The errors of operations.

A text starts in lower case and has no final period, as it may follow a program's name. It names
arguments as the caller's users know them: `--env` in the shell, `"environment"` in the editor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kvlens.errors import KVLensError
from kvlens.seeds.array import FileError

Spell = Callable[[str], str]
"""Returns the user's name of an operation's argument: `--env` for `environment`."""


class OperationError(KVLensError):
    """An operation can't be done. The text says why, and what to do."""

    def __init__(self, said: str, way_out: Callable[[Spell], str] | None = None) -> None:
        """Take what is wrong, and a function that returns what to do, if that names an argument."""
        self._said = said
        self._way_out = way_out
        super().__init__(self.text(str))

    def text(self, spell: Spell) -> str:
        """Return the text with arguments named as the user knows them."""
        return self._said + (self._way_out(spell) if self._way_out else "")


class InvalidError(OperationError):
    """The operation doesn't accept an argument."""


class NotFoundError(OperationError):
    """What the user named doesn't exist, or is ambiguous."""

    def __init__(
        self,
        said: str,
        way_out: Callable[[Spell], str] | None = None,
        *,
        known: Sequence[str] = (),
    ) -> None:
        """Also take the names that do exist."""
        super().__init__(said, way_out)
        self.known = tuple(known)


class ExistsError(OperationError):
    """Something with this name exists, and overwriting it wasn't allowed."""


class ConflictError(OperationError):
    """The content has changed since it was read; nothing was changed."""


class FilesError(OperationError):
    """Files have errors, and none was used."""

    def __init__(self, errors: Sequence[FileError]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.errors = tuple(errors)


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return "a, b and c"."""
    return f" {last} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def there_are(names: Sequence[str]) -> str:
    """Return "there are a, b and c"."""
    return f"there {'is' if len(names) == 1 else 'are'} {listed(names) or 'none'}"
