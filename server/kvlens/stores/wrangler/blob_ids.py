"""Many names of values in little memory: a change of a million keys replaces a million values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kvlens.stores.wrangler.disk_format import is_blob_id

_SIZE = 40  # bytes; a name is their 80 hexadecimal digits


class BlobIds:
    """Names in the order in which they were added; what isn't a value's name is ignored.

    >>> names = BlobIds(["ab" * 40, None, "../victim.txt"])
    >>> names += ["cd" * 40, b"raw"]
    >>> [name[:4] for name in names]
    ['abab', 'cdcd']
    """

    def __init__(self, names: Iterable[object] = ()) -> None:
        self._data = bytearray()
        self += names

    def __iadd__(self, names: Iterable[object]) -> BlobIds:
        if isinstance(names, BlobIds):
            self._data += names._data
            return self
        for name in names:
            if is_blob_id(name):
                self._data += bytes.fromhex(str(name))
        return self

    def __len__(self) -> int:
        return len(self._data) // _SIZE

    def __iter__(self) -> Iterator[str]:
        data = self._data
        for at in range(0, len(data), _SIZE):
            yield data[at : at + _SIZE].hex()
