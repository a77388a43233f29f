"""The pytest fixture `kv_emulator`, in a separate project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.projects import write_project

CONFIG = """main = "w.js"
kv_namespaces = [{ binding = "COUNTS", id = "counts" }]
[vars]
STEP = "1"
[env.big]
kv_namespaces = [{ binding = "COUNTS", id = "counts" }]
vars = { STEP = "10" }
"""
WORKER = """export default {
  async fetch(request, env) {
    if (request.url.endsWith("/throw")) throw new Error("thrown in the Worker");
    const count = Number((await env.COUNTS.get("count")) ?? 0) + Number(env.STEP);
    await env.COUNTS.put("count", String(count));
    return new Response(String(count));
  },
};
"""
COUNTS = """
def test_counts(kv_emulator):
    counts = kv_emulator.get_kv_namespace("COUNTS")
    assert counts.get("count") is None
    counts.put("count", "1")
    assert kv_emulator.dispatch_fetch("http://localhost:8787/").text == "{after}"

def test_begins_empty(kv_emulator):
    assert kv_emulator.get_kv_namespace("COUNTS").list()["keys"] == []
    assert list(kv_emulator.events) == []

async def test_async(kv_emulator):
    kv_emulator.get_kv_namespace("COUNTS").put("count", "4")
    assert kv_emulator.get_kv_namespace("COUNTS").get("count") == "4"
"""
PROJECTS: list[tuple[str, dict[str, str], list[str]]] = [
    ("found", {"test_it.py": COUNTS.replace("{after}", "2")}, []),
    ("ini options", {
        "test_it.py": COUNTS.replace("{after}", "11"), "wrangler.toml": "", "app/w.js": WORKER,
        "app/wrangler.toml": CONFIG,
        "pytest.ini": "[pytest]\nkv_emulator_config = app/wrangler.toml\nkv_emulator_env = big\n"},
     []),
    ("a mode", {
        "test_it.py": COUNTS.replace("{after}", "2") + """
import pytest

@pytest.fixture(autouse=True)
def mode(kv_emulator):
    assert kv_emulator.get_kv_namespace("COUNTS").list(limit=0)["keys"] == []
""", "pytest.ini": "[pytest]\nkv_emulator_compat = workerd\n"}, []),
    ("the old name of a mode", {
        "test_it.py": COUNTS.replace("{after}", "2") + """
import pytest, kvlens

@pytest.fixture(autouse=True)
def mode(kv_emulator):
    with pytest.raises(kvlens.KVError, match="strict mode"):
        kv_emulator.get_kv_namespace("COUNTS").list(limit=0)
""", "pytest.ini": "[pytest]\nkv_emulator_compat = miniflare2\n"}, []),
    ("allowed hosts", {
        "test_it.py": COUNTS.replace("{after}", "2") + """
import pytest, time, urllib.request

@pytest.fixture(autouse=True)
def hosts(kv_emulator):
    yield
    kv_emulator.events.clear()
    for host in ("app.test", "a.b.test"):
        urllib.request.urlopen(urllib.request.Request(kv_emulator.url, headers={"Host": host}))
    while len(kv_emulator.events) < 2:  # they are reported behind the answers
        time.sleep(0.01)
""", "pytest.ini": "[pytest]\nkv_emulator_allowed_hosts = app.test .b.test\n"}, []),
    ("own fixture", {
        "test_it.py": COUNTS.replace("{after}", "6"), "wrangler.toml": "",
        "conftest.py": "import pytest\nfrom pathlib import Path\n"
        "@pytest.fixture(scope='session')\ndef kv_emulator_config():\n"
        "    return dict(script_path=Path(__file__).with_name('w.js'), vars={'STEP': '5'},\n"
        "                kv_namespaces=['COUNTS'])\n"}, []),
]  # fmt: skip


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("files", "options"), [pytest.param(*row[1:], id=row[0]) for row in PROJECTS]
)
def test_a_project_tests_its_worker(
    files: dict[str, str], options: list[str], tmp_path: Path
) -> None:
    write_project(tmp_path, {"wrangler.toml": CONFIG, "w.js": WORKER, **files})
    ran = run(tmp_path, "-o", "asyncio_mode=auto", *options)
    assert "3 passed" in ran.stdout, ran.stdout + ran.stderr


def test_without_pytest_asyncio(tmp_path: Path) -> None:
    tests = COUNTS.replace("{after}", "2").partition("async def")[0]
    write_project(tmp_path, {"wrangler.toml": CONFIG, "w.js": WORKER, "test_it.py": tests})
    ran = run(tmp_path, "-p", "no:asyncio")
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr


def test_a_failing_test_shows_what_the_worker_said(tmp_path: Path) -> None:
    tests = (
        "def test_it(kv_emulator):\n"
        "    assert kv_emulator.dispatch_fetch('http://localhost/throw').status == 200\n"
    )
    write_project(tmp_path, {"wrangler.toml": CONFIG, "w.js": WORKER, "test_it.py": tests})
    ran = run(tmp_path)
    assert "1 failed" in ran.stdout
    assert "Error: thrown in the Worker" in ran.stdout
    assert "w.js:3:" in ran.stdout


def test_no_config(tmp_path: Path) -> None:
    write_project(tmp_path, {"test_it.py": "def test_it(kv_emulator): pass\n"}, packages=False)
    ran = run(tmp_path, "--rootdir", str(tmp_path))
    assert "kv_emulator: no wrangler.json, wrangler.jsonc or wrangler.toml in" in ran.stdout


def test_the_documents_own_examples(tmp_path: Path) -> None:
    document = Path(__file__).parents[2] / "docs" / "workers.md"
    program, test = re.findall(r"```python\n(.*?)```", document.read_text("utf-8"), re.DOTALL)
    write_project(
        tmp_path,
        {"wrangler.toml": CONFIG, "w.js": WORKER, "program.py": program, "test_it.py": test},
    )
    subprocess.run([sys.executable, "program.py"], cwd=tmp_path, check=True)
    assert "1 passed" in run(tmp_path).stdout
