"""A seed file that is saved while a Worker writes the same keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from kvlens.kv.records import Write
from kvlens.stores.base import Batch
from kvlens.stores.batch import everything
from kvlens.workspace.emulator_service import TRIES, EmulatorService
from kvlens.workspace.project import Project
from kvlens.workspace.service import Problem, SeedKept, SeedPut

CONFIG = 'name = "shop"\nkv_namespaces = [{ binding = "A", id = "1" }]\n'


class Race:
    """A project whose seed file is saved a second time, with a Worker that writes meanwhile."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        config = folder / "wrangler.toml"
        config.write_text(CONFIG, encoding="utf-8")
        monkeypatch.setenv("KVLENS_HISTORY", "0")  # the store itself is patched
        self.events: list[object] = []
        self.service = EmulatorService(Project(config, store="memory:"), self.events.append)
        self.tries = 0
        self.file = folder / "seeds" / "A.json"
        self.file.parent.mkdir()
        self.late: list[dict[str, bytes]] = []  # what the Worker writes before each try
        self._change_many = self.service.store.change_many
        monkeypatch.setattr(self.service.store, "change_many", self.change_many)

    async def change_many(self, batches: Sequence[Batch]) -> int:
        """The keys were compared, and aren't written yet."""
        self.tries += 1
        for key, value in (self.late.pop(0) if self.late else {}).items():
            await self.service.store.put("1", Write(key, value))
        return await self._change_many(batches)

    async def save(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")
        self.tries = 0
        self.events.clear()
        await self.service.follow({self.file})


@pytest.mark.parametrize(
    ("late", "tries", "found", "kept"),
    [
        ([], 1, {"a": b"2", "b": b"1"}, []),
        ([{"a": b"3"}], 2, {"a": b"3", "b": b"1"}, ["a"]),
        ([{"b": b"3"}], 2, {"a": b"2", "b": b"3"}, ["b"]),
        ([{"b": b"3"}, {"a": b"3"}], 2, {"a": b"3", "b": b"3"}, ["a", "b"]),
        ([{"c": b"3"}], 1, {"a": b"2", "b": b"1", "c": b"3"}, []),
    ],
    ids=["nothing", "a changed key", "a new key", "one after the other", "another key"],
)
async def test_what_a_worker_writes_meanwhile_stays(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: list[dict[str, bytes]],
    tries: int,
    found: dict[str, bytes],
    kept: list[str],
) -> None:
    race = Race(tmp_path, monkeypatch)
    await race.save('[{"key": "a", "value": "1"}]')
    race.late = late
    await race.save('[{"key": "a", "value": "2"}, {"key": "b", "value": "1"}]')
    store = race.service.store
    assert {key: entry.value async for key, entry in everything(store, "1")} == found
    assert [event.keys for event in race.events if isinstance(event, SeedKept)] == [kept] * bool(
        kept
    )
    assert race.tries == tries


async def test_a_worker_that_never_rests_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time, it writes another key of the file."""
    race = Race(tmp_path, monkeypatch)
    race.late = [{f"k{number}": b"late"} for number in range(TRIES)]
    keys = ", ".join(f'{{"key": "k{number}", "value": "1"}}' for number in range(TRIES + 1))
    await race.save(f"[{keys}]")
    assert race.tries == TRIES
    (problem,) = race.events
    assert isinstance(problem, Problem)
    assert "has changed since it was read. Nothing was written" in problem.message
    assert not any(isinstance(event, SeedPut) for event in race.events)
