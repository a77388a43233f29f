"""Opening a workspace's files: nothing blocks, and memory is bounded."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from kvlens import files

from tests.unit.odd_files import endless, gigabytes, pipe

LIMIT = 1000
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


REFUSED: list[tuple[str, Callable[[Path], None], str]] = [
    ("folder", Path.mkdir, "is a folder"),
    ("pipe", pipe, "is a named pipe"),
    ("socket", _socket, "is a socket"),
    ("device behind a link", endless, "is a device"),
    ("gigabytes", gigabytes, "is 5,368,709,120 bytes, over the limit of 1,000"),
]


@POSIX
@pytest.mark.parametrize(("make", "reason"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
@pytest.mark.parametrize("read", [files.read_bytes, files.read_text, files.open_file])
def test_what_is_no_plain_file_is_refused_at_once(
    tmp_path: Path,
    make: Callable[[Path], None],
    reason: str,
    read: Callable[[Path, int], object],
) -> None:
    path = tmp_path / "wrangler.toml"
    make(path)
    with pytest.raises(files.FileRefusedError, match=reason) as caught:
        read(path, LIMIT)
    assert caught.value.filename == str(path)


@POSIX
def test_a_file_that_pretends_to_be_empty_is_read_up_to_the_limit() -> None:
    assert files.read_bytes("/proc/self/status", 100_000)
    with pytest.raises(files.FileRefusedError, match="over the limit of 10"):
        files.read_bytes("/proc/self/status", 10)


def test_a_file_within_the_limit_is_read_and_a_link_is_followed(tmp_path: Path) -> None:
    target = tmp_path / "real.toml"
    target.write_bytes("\ufeffname = 'ä'\r\n".encode())
    link = tmp_path / "wrangler.toml"
    link.symlink_to(target)
    assert files.read_text(link, LIMIT) == "name = 'ä'\r\n"
    assert files.read_bytes(target, target.stat().st_size) == target.read_bytes()
    assert files.is_regular(link)
    assert not files.is_regular(tmp_path)
    assert not files.is_regular(tmp_path / "gone")


@POSIX
@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("plain.json", None),
        ("seeds/in.json", None),
        ("inner/in.json", None),
        ("seeds/out.json", "seeds/out.json"),
        ("seeds/chain.json", "seeds/chain.json"),
        ("outer/out.json", "outer"),
        ("seeds/../outer/out.json", "outer"),
        ("../elsewhere/out.json", None),
    ],
)
def test_a_link_out_of_the_project_is_not_followed(
    tmp_path: Path, path: str, link: str | None
) -> None:
    """Unless the path itself is somewhere else."""
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    for place in (project / "seeds", elsewhere):
        place.mkdir(parents=True)
    for file in (project / "plain.json", elsewhere / "out.json"):
        file.write_text("[]", encoding="utf-8")
    links = {
        "seeds/in.json": "../plain.json",
        "inner": "seeds",
        "seeds/out.json": "../../elsewhere/out.json",
        "seeds/chain.json": "out.json",
        "outer": str(elsewhere),
    }
    for name, target in links.items():
        (project / name).symlink_to(target)
    if link is None:
        assert files.read_bytes(project / path, LIMIT, within=project) == b"[]"
        return
    says = f"isn't read: {project / link} is a link to {elsewhere}.* outside the project {project};"
    with pytest.raises(files.FileRefusedError, match=says):
        files.read_bytes(project / path, LIMIT, within=project)
