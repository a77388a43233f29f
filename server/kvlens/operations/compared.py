"""The result of a comparison: every key with what differs, most of it in a temporary file."""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Literal, NamedTuple, get_args

from kvlens.seeds.plan import same_json
from kvlens.stores.base import DamagedKeyError, Seen, StoreError

Kind = Literal["same", "left", "right", "changed", "damaged"]
"""Whether a key is only on one side, differs, or can't be read on a side."""
KINDS: tuple[Kind, ...] = get_args(Kind)
DIFFERENT: tuple[Kind, ...] = ("left", "right", "changed", "damaged")
PARTS = ("value", "metadata", "expiration")

IN_MEMORY = 16 * 1024 * 1024  # bytes
_GONE = 7  # the code of a key that was on a side, and is no longer
_KIND = 0b111  # the bits of a kind; those of the parts follow, then those of the sides
_TO_LEFT, _TO_RIGHT = 1 << 6, 1 << 7  # a copy to that side leaves the key
VERSION = 16  # bytes
MISSING = bytes(VERSION)
DAMAGED = b"\1" * VERSION

Side = Seen | DamagedKeyError | None
"""A key on one side: None if it isn't there."""
Leaves = tuple[bool, bool]
"""Whether a copy to the left leaves a key, and one to the right."""


class Difference(NamedTuple):
    """A key of both sides together; `parts` are those that differ if it is on both."""

    kind: Kind
    parts: tuple[str, ...] = ()


_SAME = Difference("same")


def difference(left: Side, right: Side) -> Difference:
    """Compare a key that is on at least one side; metadata is compared as JSON."""
    if isinstance(left, DamagedKeyError) or isinstance(right, DamagedKeyError):
        return Difference("damaged")
    if left is None or right is None:
        return Difference("right" if left is None else "left")
    differs = (
        left.digest != right.digest,
        not same_json(left.metadata, right.metadata),
        left.expiration != right.expiration,
    )
    parts = tuple(part for part, different in zip(PARTS, differs, strict=True) if different)
    return Difference("changed" if parts else "same", parts)


def version(side: Side) -> bytes:
    """Return what changes with a key's value, metadata or expiration."""
    if side is None:
        return MISSING
    if isinstance(side, DamagedKeyError):
        return DAMAGED
    known = f"{side.digest} {side.expiration} {side.metadata}".encode("utf-8", "surrogatepass")
    return sha256(known).digest()[:VERSION]


class Results:
    """The keys in order, by number. Takes about 10 bytes of memory for each, and a file."""

    def __init__(self) -> None:
        self.counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
        self._codes = bytearray()
        self._ends = array("Q", [0])
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  see __del__

    def __len__(self) -> int:
        return len(self._codes)

    def __del__(self) -> None:
        self._file.close()

    def add(
        self,
        rows: Sequence[tuple[str, Side, Side]],
        leaves: Callable[[Side, Side], Leaves] = lambda *_: (False, False),
    ) -> list[Kind]:
        """Add the next keys, with both sides; `leaves` says which copies leave a key.

        Raises StoreError if the disk is full.
        """
        kinds: list[Kind] = []
        items: list[bytes] = []
        end = self._ends[-1]
        for name, left, right in rows:
            if left == right:
                found, mine = _SAME, version(left)
                theirs = mine
            else:
                found, mine, theirs = difference(left, right), version(left), version(right)
            items += (mine, theirs, name.encode("utf-8", "surrogatepass"))
            end += 2 * VERSION + len(items[-1])
            self._ends.append(end)
            self._codes.append(_code(found, leaves(left, right)))
            kinds.append(found.kind)
        self._write(self._ends[-1 - len(rows)], b"".join(items))
        for kind, count in Counter(kinds).items():
            self.counts[kind] += count
        return kinds

    def set(self, number: int, left: Side, right: Side, leaves: Leaves = (False, False)) -> None:
        """Compare a key again."""
        before = self.kind(number)
        if before is not None:
            self.counts[before] -= 1
        if left is None and right is None:
            self._codes[number] = _GONE
        else:
            found = difference(left, right)
            self._codes[number] = _code(found, leaves)
            self.counts[found.kind] += 1
        self._write(self._ends[number], version(left) + version(right))

    def kind(self, number: int) -> Kind | None:
        """Return how a key differs; None if it is on neither side now."""
        code = self._codes[number] & _KIND
        return None if code == _GONE else KINDS[code]

    def difference(self, number: int) -> Difference:
        """Return what differs of a key; it is the same if it is gone from both sides."""
        bits = self._codes[number] >> 3  # two more are of the sides
        parts = tuple(part for at, part in enumerate(PARTS) if bits & 1 << at)
        return Difference(self.kind(number) or "same", parts)

    def leaves(self, number: int) -> Leaves:
        """Return whether a copy to the left leaves a key, and one to the right."""
        code = self._codes[number]
        return bool(code & _TO_LEFT), bool(code & _TO_RIGHT)

    def name(self, number: int) -> str:
        """Return a key's name."""
        return self._item(number)[2 * VERSION :].decode("utf-8", "surrogatepass")

    def versions(self, number: int) -> tuple[bytes, bytes]:
        """Return the `version` of both sides, as they were compared."""
        item = self._item(number)
        return item[:VERSION], item[VERSION : 2 * VERSION]

    def find(self, name: str) -> int | None:
        """Return a key's number."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.name(middle) < name:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self.name(low) == name else None

    def numbers(self, kinds: frozenset[Kind], start: int = 0) -> Iterator[int]:
        """Yield the numbers of the keys of some kinds."""
        wanted = {KINDS.index(kind) for kind in kinds}
        codes = self._codes
        return (at for at in range(start, len(codes)) if codes[at] & _KIND in wanted)

    def _item(self, number: int) -> bytes:
        self._file.seek(self._ends[number])
        return self._file.read(self._ends[number + 1] - self._ends[number])

    def _write(self, place: int, item: bytes) -> None:
        try:
            self._file.seek(place)
            self._file.write(item)
        except OSError as error:
            raise StoreError(
                f"The comparison can't be kept in {tempfile.gettempdir()} ({error.strerror}). "
                "Free up space there and compare again."
            ) from error


def _code(found: Difference, leaves: Leaves) -> int:
    bits = sum(1 << at for at, part in enumerate(PARTS) if part in found.parts)
    to_left, to_right = leaves
    return KINDS.index(found.kind) | bits << 3 | _TO_LEFT * to_left | _TO_RIGHT * to_right
