"""The cache of `kvlens check`: a kept answer is always what a new check would say."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import kvlens
import pytest
from kvlens import lookups
from kvlens.cli import check_cache, main

ID = "0f2ac74b498b48028cb68387c421e279"
CONFIG = f'main = "src/index.ts"\n[[kv_namespaces]]\nbinding = "CARTS"\nid = "{ID}"\n'
INDEX = """\
import { save } from "./save";
import { key } from "@/keys";
export default {
  async fetch(request: Request, env: Env) {
    await env.CARTS.put(key, "1", { expirationTtl: 5 });
    return save(env);
  },
};
"""
SAVE = "export const save = async (env: Env) => env.CARTS.get('a', 'json');\n"
WRONG = 'export const save = async (env: Env) => env.CARTS.put("", "1");\n'
SCHEMA = {
    "definitions": {
        "RawConfig": {
            "properties": {
                "kv_namespaces": {
                    "items": {
                        "properties": {"binding": {}, "id": {}, "consistency": {}},
                        "additionalProperties": False,
                    }
                }
            }
        }
    }
}
POISON = "only a kept answer says this"
FILES = {
    "wrangler.toml": CONFIG,
    "src/index.ts": INDEX,
    "src/save.ts": SAVE,
    "src/keys.ts": 'export const key = "a";\n',
    "kvlens.toml": "",
    "package.json": "{}",
    "seeds/CARTS.json": '[{"key": "a", "value": "1"}, {"key": "a"}]',
    "other/wrangler.toml": CONFIG.replace("CARTS", "my-kv"),
}


class Project:
    """A folder that is checked."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def write(self, name: str, text: str) -> None:
        """Make or replace a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def check(self, *words: str) -> tuple[int, str]:
        """Return the exit code and the output."""
        self._capture.readouterr()
        code = main(["check", *words])
        return code, self._capture.readouterr().out

    def entries(self) -> list[Path]:
        """Return the kept answers."""
        folder = check_cache.cache_folder()
        assert folder
        return sorted(folder.glob("*.json"))

    def poison(self) -> None:
        """Change the messages in the kept answers, so that reading them shows."""
        for path in self.entries():
            entry = json.loads(path.read_text("utf-8"))
            for _, _, problems in entry["files"]:
                for problem in problems:
                    problem[2] = POISON
            path.write_text(json.dumps(entry), "utf-8")


@pytest.fixture
def project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv(check_cache.FOLDER, str(tmp_path / "cache"))
    made = Project(folder, capsys)
    for name, text in FILES.items():
        made.write(name, text)
    yield made


def aged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait until all files count as old: their times are enough to know that they are the same."""
    monkeypatch.setattr(lookups, "RACY", 50_000_000)
    time.sleep(0.1)


def edit(name: str, old: str, new: str) -> Callable[[Project], None]:
    def act(project: Project) -> None:
        text = (project.folder / name).read_text("utf-8")
        assert old in text
        project.write(name, text.replace(old, new))

    return act


def write(name: str, text: str) -> Callable[[Project], None]:
    return lambda project: project.write(name, text)


def remove(name: str) -> Callable[[Project], None]:
    return lambda project: (project.folder / name).unlink()


def in_the_same_tick(project: Project) -> None:
    """Change a file so that its size and time stay."""
    path = project.folder / "src/index.ts"
    state = path.stat()
    project.write("src/index.ts", INDEX.replace("expirationTtl: 5", "expirationTtl: 7"))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def moved_in(project: Project) -> None:
    """Replace a file by an older one of the same size and time."""
    path, other = project.folder / "src/index.ts", project.folder.parent / "index.ts"
    other.write_text(INDEX.replace("expirationTtl: 5", "expirationTtl: 7"), "utf-8")
    state = path.stat()
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.replace(path)


def schema(project: Project) -> None:
    project.write("node_modules/wrangler/package.json", '{"version": "4.200.0"}')
    project.write("node_modules/wrangler/config-schema.json", json.dumps(SCHEMA))


def in_pyproject(project: Project) -> None:
    (project.folder / "kvlens.toml").unlink()
    project.write("pyproject.toml", '[tool.kvlens.rules]\nttl-out-of-range = "off"\n')


def other_folder(project: Project) -> None:
    shutil.copytree(project.folder / "other", project.folder / "another")


def renamed_folder(project: Project) -> None:
    (project.folder / "other").rename(project.folder / "renamed")


EDITS: dict[str, Callable[[Project], None]] = {
    "source": edit("src/index.ts", "expirationTtl: 5", "expirationTtl: 5000"),
    "source-of-the-same-size-and-time": in_the_same_tick,
    "source-replaced-by-an-older-one": moved_in,
    "imported-source": write("src/save.ts", WRONG),
    "import-added": edit("src/index.ts", "export default", 'import "./late";\nexport default'),
    "source-added": write("src/more.ts", WRONG),
    "source-removed": remove("src/save.ts"),
    "constant-in-another-file": write("src/keys.ts", 'export const key = "";\n'),
    "tsconfig-added": write(
        "tsconfig.json", '{"compilerOptions": {"paths": {"@/*": ["./lib/*"]}}}'
    ),
    "config": edit("wrangler.toml", "CARTS", "CARDS"),
    "config-removed": remove("other/wrangler.toml"),
    "config-that-wins-added": write("wrangler.json", '{"name": "x"}'),
    "config-of-another-name-added": write("wrangler.staging.toml", 'kv_namespaces = "x"\n'),
    "config-named-by-a-script": write(
        "package.json", '{"scripts": {"dev": "wrangler dev -c other/x.toml"}}'
    ),
    "config-above": write("../wrangler.json", "{}"),
    "deploy-redirect": write(".wrangler/deploy/config.json", '{"configPath": "../../gone.json"}'),
    "folder-added": other_folder,
    "folder-renamed": renamed_folder,
    "seeds": write("seeds/CARTS.json", "[1]"),
    "seeds-added": write("seeds/MORE.json", "[1]"),
    "project-file": write("kvlens.toml", '[rules]\nttl-out-of-range = "off"\n'),
    "project-file-excludes": write("kvlens.toml", 'exclude = ["src"]\n'),
    "project-file-added-below": write(
        "src/kvlens.toml", '[rules]\nttl-out-of-range = "information"\n'
    ),
    "project-file-removed": remove("kvlens.toml"),
    "project-file-in-pyproject": in_pyproject,
    "wrangler-installed": schema,
    "wrangler-required": write("package.json", '{"devDependencies": {"wrangler": "3.90.0"}}'),
}


@pytest.mark.parametrize("is_old", [True, False], ids=["old-files", "new-files"])
@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_a_kept_answer_does_not_outlive_a_change(
    project: Project,
    change: Callable[[Project], None],
    is_old: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if is_old:
        aged(monkeypatch)
    fresh = project.check("--no-cache")
    assert project.check() == fresh
    project.poison()
    assert POISON in project.check()[1]
    change(project)
    after = project.check()
    assert POISON not in after[1]
    assert after == project.check("--no-cache")
    assert project.check() == after


FORMATS = ("text", "json", "github", "gitlab", "junit", "rdjson", "sarif")


@pytest.mark.parametrize("name", FORMATS)
def test_a_kept_answer_is_reported_as_a_new_one(project: Project, name: str) -> None:
    words = ("--output-format", name)
    assert project.check("--no-cache", *words) == project.check(*words) == project.check(*words)
    assert len(project.entries()) == 1


SAME: dict[str, Callable[[Project], None]] = {
    "nothing": lambda project: None,
    "touched": lambda project: (project.folder / "wrangler.toml").touch(),
    "written-again": lambda project: project.write("src/index.ts", INDEX),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_does_not_matter_keeps_the_answer(
    project: Project, change: Callable[[Project], None]
) -> None:
    project.check()
    project.poison()
    change(project)
    assert POISON in project.check()[1]


OTHER_QUESTIONS: dict[str, tuple[str, ...]] = {
    "path": ("src",),
    "severity": ("--severity", "ttl-out-of-range=off"),
    "select": ("--select", "id-*"),
    "ignore": ("--ignore", "ttl-out-of-range"),
    "no-cache": ("--no-cache",),
    "diff": ("--diff",),
}


@pytest.mark.parametrize("words", OTHER_QUESTIONS.values(), ids=OTHER_QUESTIONS)
def test_another_question_has_its_own_answer(project: Project, words: tuple[str, ...]) -> None:
    project.check()
    project.poison()
    assert POISON not in project.check(*words)[1]


def test_a_baseline_is_applied_to_a_kept_answer(project: Project) -> None:
    before = project.check()
    project.check("--baseline", "known.json", "--update-baseline")
    assert "No problems" in project.check("--baseline", "known.json")[1]
    edit("known.json", "ttl-out-of-range", "id-empty")(project)
    assert project.check("--baseline", "known.json")[1].count("ttl-out-of-range") == 1
    assert project.check() == before


def test_fixing_does_not_ask_the_cache(project: Project) -> None:
    project.write("wrangler.toml", CONFIG.replace(ID, ""))
    before = project.check()
    project.check("--fix")
    after = project.check()
    assert after == project.check("--no-cache") != before


def test_another_version_asks_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = project.check()
    project.poison()
    monkeypatch.setattr("kvlens.__version__", "99.0")
    assert project.check() == fresh


def test_other_rules_ask_again(project: Project) -> None:
    fresh = project.check()
    for path in project.entries():
        entry = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**entry, "program": "0" * 64}), "utf-8")
    project_entries = [path.read_text("utf-8") for path in project.entries()]
    assert project.check() == fresh
    assert [path.read_text("utf-8") for path in project.entries()] != project_entries


@pytest.mark.parametrize("name", ["errors.py", "lint/js/key_invalid.py", "js/constants/values.py"])
def test_a_change_of_the_program_asks_again(
    project: Project, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / "program"
    shutil.copytree(Path(kvlens.__file__).parent, copy, ignore=shutil.ignore_patterns("*.pyc"))
    monkeypatch.setattr("kvlens.__file__", str(copy / "__init__.py"))
    fresh = project.check()
    project.poison()
    assert project.check() != fresh
    with (copy / name).open("a") as file:
        file.write("# changed\n")
    assert project.check() == fresh


PASSING = """\
export default {{
  async fetch(request, env) {{
    await env.CARTS.put("a", "1", {{ expiration: {at} }});
  }},
}};
"""


def test_an_answer_ends_when_a_point_in_time_has_passed(project: Project) -> None:
    soon = int(time.time()) + 62
    project.write("src/late.js", PASSING.format(at=soon))
    assert "expiration-out-of-range" not in project.check()[1]
    project.poison()
    assert POISON in project.check()[1]
    while time.time() < soon - 60:
        time.sleep(0.1)
    assert "expiration-out-of-range" in project.check()[1]


def _garbage(path: Path) -> None:
    path.write_bytes(b"\xff\x00[")


def _other_shape(path: Path) -> None:
    path.write_text('{"program": 1, "lookups": [], "files": {}}')


def _deep(path: Path) -> None:
    path.write_text("[" * 100_000)


def _huge(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(2**31)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


def _writable_by_others(path: Path) -> None:
    path.chmod(0o666)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder_of_others(path: Path) -> None:
    path.parent.chmod(0o777)


def _linked_folder(path: Path) -> None:
    other = path.parent.with_name("elsewhere")
    path.parent.rename(other)
    path.parent.symlink_to(other, target_is_directory=True)


def _no_folder(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("a file")


ANYWHERE = (_garbage, _other_shape, _deep, _huge, _folder, _no_folder)
POSIX = (_link, _writable_by_others, _pipe, _folder_of_others, _linked_folder)
HOSTILE = ANYWHERE if sys.platform == "win32" else ANYWHERE + POSIX


@pytest.mark.parametrize("prepare", HOSTILE, ids=lambda made: made.__name__)
def test_a_cache_that_others_can_change_is_not_used(
    project: Project, prepare: Callable[[Path], None]
) -> None:
    fresh = project.check()
    project.poison()
    (entry,) = project.entries()
    prepare(entry)
    assert project.check() == fresh
    assert project.check() == fresh


def test_the_cache_is_the_users_alone_and_bounded(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_cache, "_MOST", 3)
    for number in range(6):
        (project.folder / f"w{number}").mkdir()
        project.write(f"w{number}/wrangler.toml", CONFIG)
        project.check(f"w{number}")
        assert len(project.entries()) <= 3
    for path in project.entries():
        assert sys.platform == "win32" or path.stat().st_mode & 0o777 == 0o600
        assert sys.platform == "win32" or path.parent.stat().st_mode & 0o777 == 0o700
    project.poison()
    assert POISON not in project.check("w5")[1]  # it has no problems
    assert len([*project.folder.rglob("*.tmp")]) == 0


FOLDERS: dict[str, tuple[dict[str, str], str]] = {
    "given": ({check_cache.FOLDER: "/here", "XDG_CACHE_HOME": "/xdg"}, "/here"),
    "xdg": ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/kvlens/check"),
    "xdg-relative": ({"XDG_CACHE_HOME": "xdg"}, ""),
}


@pytest.mark.skipif(sys.platform == "win32", reason="paths are written differently")
@pytest.mark.parametrize(("variables", "expected"), FOLDERS.values(), ids=FOLDERS)
def test_where_the_cache_is(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in (check_cache.FOLDER, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/user")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ours = "Library/Caches" if sys.platform == "darwin" else ".cache"
    assert check_cache.cache_folder() == Path(expected or f"/home/user/{ours}/kvlens/check")
