"""URIs are written as the client spells them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kvlens.lsp.spelling import Spelling, file_key, file_path

SPELLINGS: dict[str, tuple[str, str, str, str]] = {
    # the folder's URI, another one that the client has opened, a path below, its URI
    "as-it-is": ("file:///a", "", "/a/b.ts", "file:///a/b.ts"),
    "folder-with-a-slash": ("file:///a/", "", "/a/b.ts", "file:///a/b.ts"),
    "the-folder-itself": ("file:///a/", "", "/a", "file:///a"),
    "encoded-colon": ("file:///c%3A/x", "", "c:/x/b.ts", "file:///c%3A/x/b.ts"),
    "plain-colon": ("file:///c:/x", "", "c:/x/b:1.ts", "file:///c:/x/b:1.ts"),
    "upper-case-drive": ("file:///C%3A/x", "", "c:/x/b.ts", "file:///C%3A/x/b.ts"),
    "lower-case-digits": ("file:///c%3a/x", "", "c:/x/b.ts", "file:///c%3a/x/b.ts"),
    "spaces": ("file:///a%20b", "", "/a b/c d.ts", "file:///a%20b/c%20d.ts"),
    "brackets-unknown": ("file:///a", "", "/a/[id].ts", "file:///a/%5Bid%5D.ts"),
    "brackets-encoded": ("file:///%5Bx%5D", "", "/[x]/[id].ts", "file:///%5Bx%5D/%5Bid%5D.ts"),
    "brackets-plain": ("file:///[x]", "", "/[x]/[id].ts", "file:///[x]/[id].ts"),
    "plus-plain": ("file:///a+b", "", "/a+b/c+d.ts", "file:///a+b/c+d.ts"),
    "plus-encoded": ("file:///a%2Bb", "", "/a+b/c+d.ts", "file:///a%2Bb/c%2Bd.ts"),
    "learned-from-another": ("file:///a", "file:///z/(y)/@x.ts", "/a/(1)@.ts", "file:///a/(1)@.ts"),
    "percent": ("file:///a%25", "", "/a%/b%.ts", "file:///a%25/b%25.ts"),
    "letters": ("file:///%C3%A9", "", "/\u00e9/\u00e8.ts", "file:///%C3%A9/%C3%A8.ts"),
    "opened": ("file:///a", "file:///a/%62.ts", "/a/b.ts", "file:///a/%62.ts"),
    "outside": ("file:///a", "", "/b/c d.ts", "file:///b/c%20d.ts"),
    "similar-folder": ("file:///a", "", "/ab/c.ts", "file:///ab/c.ts"),
}


@pytest.mark.skipif(os.name == "nt", reason="paths have a drive there")
@pytest.mark.parametrize(
    ("folder", "opened", "path", "expected"), SPELLINGS.values(), ids=SPELLINGS
)
def test_a_uri_is_spelled_as_the_client_does(
    folder: str, opened: str, path: str, expected: str
) -> None:
    spelling = Spelling()
    if opened:
        spelling.remember(opened)
    found = spelling.of(path, [folder])
    assert found == expected
    assert file_path(found) == path
    assert file_key(found) == os.path.normcase(path)


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """A link to a folder with a file."""
    (tmp_path / "real" / "src").mkdir(parents=True)
    (tmp_path / "real" / "src" / "a.ts").write_bytes(b"")
    made = tmp_path / "link"
    made.symlink_to(tmp_path / "real", target_is_directory=True)
    return made


LINKS: dict[str, tuple[bool, bool]] = {
    # whether the folder is open by the link, whether the file is
    "folder": (True, False),
    "file": (False, True),
    "both": (True, True),
}


@pytest.mark.parametrize(("is_folder", "is_file"), LINKS.values(), ids=LINKS)
def test_a_file_behind_a_link_has_the_clients_path(
    link: Path, is_folder: bool, is_file: bool
) -> None:
    spelling, inside = Spelling(), link / "src" / "a.ts"
    if is_file:
        spelling.remember(inside.as_uri())
    found = spelling.of(str(inside.resolve()), [link.as_uri()] if is_folder else [])
    assert found == inside.as_uri()


def test_what_is_opened_by_its_own_path_keeps_it(link: Path) -> None:
    spelling, inside = Spelling(), link / "src" / "a.ts"
    for path in (inside, inside.resolve()):
        spelling.remember(path.as_uri())
    assert spelling.of(str(inside.resolve()), [link.as_uri()]) == inside.resolve().as_uri()
    assert spelling.of(str(inside), [link.as_uri()]) == inside.as_uri()
