"""A full disk: nothing is written, and the error is correct and says what to do."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kvlens.kv.records import Write
from kvlens.process import own_command
from kvlens.seeds import snapshots
from kvlens.seeds.apply import apply
from kvlens.seeds.export import export_file
from kvlens.seeds.snapshots import NamespaceRef, SnapshotError
from kvlens.stores.base import Store, StoreError
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler.disk_format import blobs_path

KEYS = 1400
SIZE = 2 * 1024 * 1024
PAGE = 4096
WRITES = [Write(f"k{n:04}", b"v%d" % n) for n in range(KEYS)]
ITEMS = [{"key": write.key, "value": write.value.decode()} for write in WRITES]


class Disk:
    """A folder on a disk of 2 MB."""

    def __init__(self, path: Path, files: int | None) -> None:
        self.path = path
        self.files = files  # how many can be created, if the disk isn't a real one

    def fill(self, left: int) -> None:
        """Leave this many bytes free."""
        found = os.statvfs(self.path)
        size = found.f_bavail * found.f_frsize - left
        (self.path / "ballast").write_bytes(bytes(size))

    def empty(self) -> None:
        """Free the space again."""
        (self.path / "ballast").unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A real disk if one can be made, or else a folder in which values can't be written."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = (
        sys.platform == "linux"
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place], capture_output=True
        ).returncode
    )
    if not mounted:
        left = [400]
        write = os.write

        def some(handle: int, data: bytes) -> int:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device")
            return write(handle, data)

        monkeypatch.setattr("kvlens.stores.wrangler.blobs.os.write", some)
    config = '[[kv_namespaces]]\nbinding = "KV"\nid = "KV"\n'
    (place / "wrangler.toml").write_text(config, encoding="utf-8")
    yield Disk(place, None if mounted else 400)
    if mounted:
        subprocess.run(["umount", "-l", place], check=True)


def values(disk: Disk, ns: str = "KV") -> int:
    folder = blobs_path(disk.path / ".wrangler" / "state" / "v3", ns)
    return len(list(folder.iterdir())) if folder.exists() else 0


async def holds(store: Store) -> int | None:
    return (await store.stats("KV")).keys


@pytest.mark.parametrize("progress", [False, True], ids=["at once", "with progress"])
async def test_a_seed(disk: Disk, progress: bool) -> None:
    store = open_store("wrangler:", disk.path)
    shown = (lambda *_: None) if progress else None
    with pytest.raises(StoreError) as caught:
        await apply(store, "KV", WRITES, progress=shown)
    text = str(caught.value)
    assert "No space left" in text or "no space left" in text
    assert "Nothing was changed; free up space" in text
    assert "\n" not in text
    assert await holds(store) == 0
    assert values(disk) == 0
    if disk.files is None:
        assert await apply(store, "KV", WRITES[:100], progress=shown) == 100
        assert await holds(store) == 100
    await store.close()


def test_a_seed_in_a_shell(disk: Disk, tmp_path: Path) -> None:
    if disk.files is not None:  # another process has the whole disk: see test_a_seed
        return
    seed = tmp_path / "KV.json"
    seed.write_text(json.dumps(ITEMS), encoding="utf-8")
    done = subprocess.run(
        own_command("seed", str(seed)), cwd=disk.path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Nothing was changed; free up space" in done.stderr
    assert done.stderr.count("\n") == 1
    assert values(disk) == 0
    listed = subprocess.run(
        own_command("key", "list", "--binding", "KV"), cwd=disk.path, capture_output=True, text=True
    )
    assert json.loads(listed.stdout or "[]") == []


async def test_a_disk_that_is_full_when_the_rows_are_written(disk: Disk) -> None:
    if disk.files is not None:
        return
    store = open_store("wrangler:", disk.path)
    await store.put("KV", Write("before", b"1"))
    disk.fill((200 + 4) * PAGE)
    with pytest.raises(StoreError, match=r"no space left .* Nothing was changed; free up space"):
        await store.put_many("KV", WRITES[:200])
    assert await holds(store) == 1
    assert values(disk) == 1
    disk.empty()
    await store.put_many("KV", WRITES[:200])
    assert await holds(store) == 201
    await store.close()


async def test_a_snapshot_and_an_export(disk: Disk, tmp_path: Path) -> None:
    if disk.files is not None:
        return
    store = open_store("wrangler:", disk.path)
    await store.put_many("KV", [Write(f"k{n}", b"x" * 100_000) for n in range(5)])
    named = [NamespaceRef("KV", None, "KV")]
    first = await snapshots.save(store, disk.path, "s", named)
    out = disk.path / "out.json"
    out.write_text("before", encoding="utf-8")
    disk.fill(200_000)
    with pytest.raises(SnapshotError, match=r"No space left on device\. Nothing was saved; free"):
        await snapshots.save(store, disk.path, "other", named)
    with pytest.raises(SnapshotError, match=r"No space left on device\. Nothing was saved; free"):
        await snapshots.save(store, disk.path, "s", named, force=True)
    assert snapshots.saved(disk.path) == ([first], [])
    assert len(list(first.folder.iterdir())) == 2
    with pytest.raises(OSError, match="No space left"):
        await export_file(store, "KV", out)
    assert out.read_text(encoding="utf-8") == "before"
    assert [path.name for path in disk.path.glob(".out*")] == []
    done = subprocess.run(
        own_command("export", "--binding", "KV", "-o", "out.json"),
        cwd=disk.path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
    disk.empty()
    await snapshots.save(store, disk.path, "s", named, force=True)
    await store.close()


def shell(disk: Disk, *words: str) -> str:
    """Run a command on the disk and return its one-line error."""
    done = subprocess.run(own_command(*words), cwd=disk.path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    return done.stderr


KV = ("--binding", "KV")
FULL: dict[str, tuple[tuple[str, ...], str]] = {
    "put": (("key", "put", "b", "2", *KV), "There is no space left for the KV database"),
    "clear": (("clear", "--force", *KV), "There is no space left for the KV database"),
    "export": (("export", "-o", "out.json", *KV), "out.json: No space left on device; nothing"),
    "snapshot": (("snapshot", "save", "u"), "snapshots/u can't be written: No space left"),
}


@pytest.mark.parametrize(("words", "text"), FULL.values(), ids=FULL.keys())
async def test_a_disk_that_is_full_before(disk: Disk, words: tuple[str, ...], text: str) -> None:
    """SQLite can't create its files next to the database, and its error doesn't mention a full disk."""
    if disk.files is not None:
        return
    store = open_store("wrangler:", disk.path)
    await store.put("KV", Write("a", b"x" * 100_000))
    await store.close()
    with (disk.path / "ballast").open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while out.write(bytes(PAGE)):
            pass
    assert text in shell(disk, *words)
    disk.empty()
    store = open_store("wrangler:", disk.path)
    await store.put("KV", Write("b", b"2"))
    assert await holds(store) == 2
    await store.close()


READ_ONLY: dict[str, tuple[tuple[str, ...], str]] = {
    "put": (("key", "put", "b", "2", *KV), "is on a disk that is mounted read-only"),
    "export": (("export", "-o", "out.json", *KV), "out.json: Read-only file system; nothing"),
    "snapshot": (("snapshot", "save", "u"), "can't be written: Read-only file system. Nothing"),
}


@pytest.mark.parametrize(("words", "text"), READ_ONLY.values(), ids=READ_ONLY.keys())
async def test_a_disk_that_can_only_be_read(disk: Disk, words: tuple[str, ...], text: str) -> None:
    if disk.files is not None:
        return
    store = open_store("wrangler:", disk.path)
    await store.put("KV", Write("a", b"1"))
    await store.close()
    subprocess.run(["mount", "-o", "remount,ro", disk.path], check=True)
    said = shell(disk, *words)
    assert str(disk.path) in said or "out.json" in said
    assert text in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device there")
def test_an_output_that_is_full(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text('kv_namespaces = [{ binding = "KV", id = "KV" }]\n')
    for words in (("export", *KV), ("key", "list", *KV)):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                own_command(*words), cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert done.returncode == 1
        assert done.stderr.endswith(": standard output: No space left on device\n")
