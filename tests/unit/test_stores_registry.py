"""Finding stores, and what is known of a store before it is opened."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from kvlens import stores
from kvlens.stores.base import StoreError
from kvlens.stores.registry import (
    absolute_url,
    every_store,
    find_store,
    keys_of,
    open_store,
    url_of,
)

FLOPPY = """
from kvlens.stores.base import StoreInfo
from kvlens.stores.memory import MemoryStore

STORE = StoreInfo(("floppy:DRIVE",), "keys on a disk", lambda url, base, clock: MemoryStore(clock))
"""


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("memory:", "memory"),
        ("WRANGLER:", "wrangler"),
        ("wrangler:elsewhere", "wrangler"),
        ("http://127.0.0.1:1", "http"),
        ("redis://a", "redis"),
        ("rediss+cluster://a,b", "rediss+cluster"),
        ("cloudflare:acc?writes=allow", "cloudflare"),
        ("wrangler", None),
        ("redi://a", None),
        ("", None),
        (":", None),
    ],
)
def test_a_url_names_a_store(url: str, scheme: str | None) -> None:
    info = find_store(url)
    assert (info is None) == (scheme is None)
    assert info is None or scheme in info.by_scheme


@pytest.mark.parametrize(
    ("scheme", "shared", "has_sizes", "is_local"),
    [
        ("memory", False, True, False),
        ("wrangler", True, True, True),
        ("http", True, True, False),
        ("redis", True, True, False),
        ("cloudflare", True, False, False),
    ],
)
def test_capabilities(scheme: str, shared: bool, has_sizes: bool, is_local: bool) -> None:
    info = find_store(f"{scheme}:")
    assert info
    assert (info.shared, info.has_sizes) == (shared, has_sizes)
    assert (info.local_path is not None) == is_local


def test_every_scheme_has_one_store() -> None:
    schemes = [scheme for info in every_store() for scheme in info.by_scheme]
    assert len(schemes) == len(set(schemes))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("wrangler:", "wrangler:"),
        ("wrangler:state", "wrangler:{here}/state"),
        ("wrangler:../state", "wrangler:{here}/../state"),
        ("wrangler:{here}/x", "wrangler:{here}/x"),
        ("wrangler:~/x", "wrangler:{home}/x"),
        ("redis://a/1", "redis://a/1"),
        ("cloudflare:acc", "cloudflare:acc"),
        ("floppy:a", "floppy:a"),
    ],
)
def test_a_path_in_a_url_is_made_absolute(tmp_path: Path, url: str, expected: str) -> None:
    names = {"here": tmp_path, "home": Path.home()}
    scheme, _, path = expected.format(**names).partition(":")
    found = absolute_url(url.format(**names), tmp_path)
    assert found.partition(":")[0] == scheme
    assert Path(found.partition(":")[2]) == Path(path)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a wrangler:", "a wrangler:", True),
        ("a wrangler:", "b wrangler:", False),
        ("a wrangler:../c", "b wrangler:../c", True),
        ("a wrangler:x", "b wrangler:x", False),
        ("a memory:", "b memory:", False),
        ("a redis://h", "b redis://h", True),
        ("a redis://h", "a redis://h/1", False),
        ("a cloudflare:acc", "b cloudflare:acc", True),
    ],
)
def test_which_urls_have_the_same_keys(tmp_path: Path, one: str, other: str, same: bool) -> None:
    first, second = (
        keys_of(url, tmp_path / folder) for folder, url in (one.split(" "), other.split(" "))
    )
    assert (first == second) == same


async def test_the_local_path_is_where_the_keys_are(tmp_path: Path) -> None:
    for url in ("wrangler:", "wrangler:elsewhere"):
        info = find_store(url)
        assert info and info.local_path
        store = open_store(url, tmp_path)
        assert store.local_path == info.local_path(url, tmp_path)
        assert keys_of(url, tmp_path) == str(store.local_path.resolve())
        await store.close()


async def test_a_new_store_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match='Unknown store "floppy:A"'):
        open_store("floppy:A", tmp_path)
    (tmp_path / "floppy.py").write_text(FLOPPY, encoding="utf-8")
    monkeypatch.setattr(stores, "__path__", [*stores.__path__, str(tmp_path)])
    await open_store("floppy:A", tmp_path).close()
    assert "floppy:DRIVE" in [info.urls[0] for info in every_store()]
    del sys.modules["kvlens.stores.floppy"]


async def test_a_new_store_is_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "floppy").mkdir()
    (tmp_path / "floppy" / "__init__.py").touch()
    (tmp_path / "floppy" / "info.py").write_text(FLOPPY, encoding="utf-8")
    monkeypatch.setattr(stores, "__path__", [*stores.__path__, str(tmp_path)])
    await open_store("floppy:A", tmp_path).close()
    for name in ("kvlens.stores.floppy", "kvlens.stores.floppy.info"):
        del sys.modules[name]


SAME = {
    # two URLs, whether their keys are the same
    "port": ("redis://host", "redis://HOST:6379/", True),
    "database": ("redis://host/0", "redis://host?db=0", True),
    "another database": ("redis://host/1", "redis://host/10", False),
    "this machine": ("redis://localhost", "redis://u:p@127.0.0.1", True),
    "another port": ("redis://host:1", "redis://host:2", False),
    "prefix": ("redis://host?prefix=kvlens", "redis://host?socket_timeout=1", True),
    "another prefix": ("redis://host?prefix=a", "redis://host?prefix=b", False),
    "nodes": ("redis+cluster://a,b:6379", "redis+cluster://b,a", True),
    "TLS": ("rediss://host", "redis://host", False),
    "malformed": ("redis://host:port", "redis://host", False),
}


@pytest.mark.parametrize(("one", "other", "same"), SAME.values(), ids=SAME)
def test_spellings_of_a_redis(one: str, other: str, same: bool, tmp_path: Path) -> None:
    found = keys_of(one, tmp_path), keys_of(other, tmp_path)
    assert (found[0] == found[1]) == same
    assert [url_of(one) for one in found] == list(found)
