"""Which project checks a source that several projects import: the first one."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence


class Claims:
    """Who checks a source, by project number.

    Forked processes share the claims on the sources of no project, which are known when they begin.
    Where two claim a source at once, both check it, and the caller takes the first project's.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._shared: MutableSequence[int] = _shared_numbers(len(names)) if names else []
        self._others: dict[str, int] = {}

    def claim(self, name: str, number: int) -> bool:
        """Claim a source for a project; False if one before it already has."""
        place = self._places.get(name)
        if place is None:
            first = self._others.setdefault(name, number)
            self._others[name] = min(first, number)
            return first >= number
        claimed = self._shared[place]  # 0: by nobody
        if claimed and claimed <= number:
            return False
        self._shared[place] = number + 1
        return True


def _shared_numbers(count: int) -> MutableSequence[int]:
    import mmap  # late: only where there are such sources

    return memoryview(mmap.mmap(-1, count * 4)).cast("i")  # type: ignore[return-value]
