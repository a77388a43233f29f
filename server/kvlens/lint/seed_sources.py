"""Where a project keeps its seed files: `seeds/BINDING.json`, or what its project file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from kvlens import lookups
from kvlens.config.find import SEEDS, SKIPPED_FOLDERS
from kvlens.files import is_regular, way_out_of
from kvlens.lint.path_patterns import PathPattern

_WILD = frozenset("*?[")
_MOST = 20_000  # files that are looked at for a pattern


@dataclass(frozen=True)
class SeedSources:
    """What a project file says of seed files; paths and patterns start at its folder.

    Attributes:
        named: the files of a binding; other bindings keep `seeds/BINDING.json`.
        patterns: all seed files, each named after its binding; None for the default.
    """

    folder: Path | None = None
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)
    patterns: Sequence[str] | None = None

    def says(self, binding: str) -> bool:
        """Return whether the project file names the seed files of a binding."""
        return self.patterns is not None or binding in self.named

    def files(self, home: Path) -> list[tuple[str, Path]]:
        """Return the seed files of the project in `home`, each with its binding, in order."""
        if self.patterns is not None:
            found = [path for pattern in self.patterns for path in self.matching(pattern)]
            return [(path.stem, path) for path in dict.fromkeys(found)]
        own = {
            path: binding
            for binding, patterns in self.named.items()
            for pattern in patterns
            for path in self.matching(pattern)
        }
        others = {
            path: path.stem
            for name, _ in lookups.entries(home / SEEDS, (".json",))
            if (path := home / SEEDS / name) not in own and path.stem not in self.named
        }
        return [(binding, path) for path, binding in (*own.items(), *others.items())]

    def names(self, path: Path) -> bool:
        """Return whether the project file names a file, which needn't exist."""
        if self.folder is None or not path.is_relative_to(self.folder):
            return False
        place = path.relative_to(self.folder).as_posix()
        patterns = [*(self.patterns or ()), *chain.from_iterable(self.named.values())]
        return any(PathPattern(f"/{pattern}").matches(place) for pattern in patterns)

    def matching(self, pattern: str) -> list[Path]:
        """Return the files that a pattern names, without those that a link leads out to."""
        assert self.folder is not None
        parts = [part for part in pattern.split("/") if part not in ("", ".")]
        plain = next((at for at, part in enumerate(parts) if _WILD & set(part)), len(parts))
        start = self.folder.joinpath(*parts[:plain])
        if plain == len(parts):
            found = [start] if is_regular(start) else []
        else:
            wanted = PathPattern(f"/{pattern}")
            found = [
                path
                for path in _json_files(start)
                if wanted.matches(path.relative_to(self.folder).as_posix())
            ]
        return [path for path in found if way_out_of(self.folder, path) is None]


def _json_files(folder: Path) -> Iterator[Path]:
    left = _MOST
    for place, folders, names in lookups.walk(folder, SKIPPED_FOLDERS):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            left -= 1
            if left < 0:
                return
            if name.endswith(".json"):
                yield Path(place, name)


DEFAULT = SeedSources()
