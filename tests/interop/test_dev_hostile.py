"""`kvlens dev` with hostile web pages, configs, Workers and readers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from kvlens import Emulator
from kvlens.process import own_command
from kvlens.stores.registry import open_store
from kvlens.worker import workerd_config
from kvlens.worker.config import WorkerConfig
from kvlens.worker.host import WorkerHost
from kvlens.worker.output import Event
from kvlens.worker.script import plain_script

from tests.interop.projects import PACKAGES, WAIT, Dev, write_project
from tests.interop.test_dev import answer, small
from tests.unit.odd_files import endless, gigabytes, pipe

OK = "export default { fetch: (request) => new Response(`ok ${request.url}`) };"


def ask(url: str, host: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=WAIT) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# who may ask ------------------------------------------------------------------------------------


def test_a_name_that_points_here_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    with Dev(write_project(tmp_path, small(OK)), "--allowed-host", ".app.test") as dev:
        assert ask(dev.url, "localhost:5173") == (200, "ok http://localhost:5173/")
        assert ask(dev.url, "x.app.test") == (200, "ok http://x.app.test/")
        status, text = ask(dev.url, "evil.example")
        assert status == 403
        assert "--allowed-host evil.example" in text
        dev.event("log", 'Host "evil.example" is not allowed')


def test_a_front_end_on_another_port_is_the_workers_business(tmp_path: Path) -> None:
    source = """export default { fetch: (request) => new Response(request.headers.get("Origin"),
      { headers: { "Access-Control-Allow-Origin": "http://localhost:5173" } }) };"""
    with Dev(write_project(tmp_path, small(source))) as dev:
        request = urllib.request.Request(dev.url, headers={"Origin": "http://localhost:5173"})
        with urllib.request.urlopen(request, timeout=WAIT) as response:
            assert response.read() == b"http://localhost:5173"
            assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="shows who listens")
def test_workerd_itself_opens_no_port(tmp_path: Path) -> None:
    with Dev(write_project(tmp_path, small(OK))) as dev:
        (pid,) = dev.workerd()
        sockets = set()
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            sockets.add(str(handle.readlink()))
        listening = [
            line.split()[9]
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{table}").read_text("utf-8").splitlines()[1:]
            if line.split()[3] == "0A"
        ]
        assert not [inode for inode in listening if f"socket:[{inode}]" in sockets]
        assert dev.get()[0] == 200


async def test_where_sockets_are_ports_they_ask_for_a_key(tmp_path: Path) -> None:
    """As on Windows."""
    events: list[Event] = []
    store = open_store("memory:", tmp_path)
    host = WorkerHost(store, PACKAGES.parent, emit=events.append, unix=False)
    source = """export default { async fetch(request, env) {
      if (request.url.endsWith("/throw")) throw new Error("thrown");
      return Response.json([...request.headers.keys(), await request.text(), request.url]);
    } };"""
    try:
        await host.start_emulator({})
        await host.listen(0)
        await host.run(
            plain_script(source), WorkerConfig(tmp_path, compatibility_date="2025-06-01")
        )
        status, text = await asyncio.to_thread(ask, host.url, "localhost")
        assert (status, "kvlens-key" in text) == (200, False)
        for name in (workerd_config.PUBLIC, workerd_config.DISPATCH):
            port = host._runtime.addresses[name]  # type: ignore[union-attr]
            found = await asyncio.to_thread(ask, f"http://127.0.0.1:{port}", "localhost")
            assert found == (403, "")
        response = await host.fetch("http://x.test/a", method="POST", headers=None, body="body")
        assert json.loads(response.text)[-2:] == ["body", "http://x.test/a"]
        assert (
            await host.fetch("http://x/throw", method="GET", headers=None, body=None)
        ).status == 500
        assert any("thrown" in event.message for event in events)
    finally:
        await host.close()
        await store.close()


# configs ----------------------------------------------------------------------------------------


def test_a_field_of_a_wrong_type_leaves_the_old_worker_running(tmp_path: Path) -> None:
    with Dev(write_project(tmp_path, small(OK))) as dev:
        wrong = {
            'alias = ["x"]': "alias is a list; it takes a table of strings",
            "rules = [{ type = 'Text', globs = [5] }]": "rules[0].globs[0] is 5, a number",
            "build = { watch_dir = 5 }": "build.watch_dir is 5, a number",
        }
        for line, said in wrong.items():
            dev.write("wrangler.toml", str(small(OK, line)["wrangler.toml"]))
            failed = dev.event("failed")
            assert said in failed["message"]
            assert "\n" not in failed["message"]
            assert dev.get()[0] == 200
        dev.write("wrangler.toml", str(small(OK, "# fixed\n")["wrangler.toml"]))
        dev.event("restarted")


def test_modules_that_nothing_imports_are_there(tmp_path: Path) -> None:
    source = """import { x } from "./x.ts";
export default { async fetch(request) {
  const name = new URL(request.url).searchParams.get("name");
  return Response.json([x, (await import(name)).default]);
} };"""
    config = (
        "find_additional_modules = true\nrules = [{ type = 'ESModule', globs = ['lang/*.mjs'] }]\n"
    )
    files = {
        "x.ts": "export const x: number = 5;",
        "lang/en.mjs": "export default 'hello';",
        "t.txt": "text",
    }
    with Dev(write_project(tmp_path, small(source, config, files))) as dev:
        assert answer(dev, "/?name=./lang/en.mjs") == [5, "hello"]
        assert answer(dev, "/?name=./t.txt") == [5, "text"]
        dev.write("lang/en.mjs", "export default 'changed';")
        dev.event("restarted")
        assert answer(dev, "/?name=./lang/en.mjs") == [5, "changed"]


def test_a_missing_secret_is_named_and_others_are_left_out(tmp_path: Path) -> None:
    source = "export default { fetch: (r, env) => Response.json(env) };"
    files = {".env": "TOKEN=t\nOTHER=o\n"}
    config = '[secrets]\nrequired = ["TOKEN", "KVLENS_MISSING"]\n'
    with Dev(write_project(tmp_path, small(source, config, files))) as dev:
        assert answer(dev) == {"TOKEN": "t"}
        dev.event("log", "required secrets are missing: KVLENS_MISSING")


def ended(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        own_command("dev", "--store", "memory:", *options),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


def test_the_configs_port_counts_unless_another_is_given(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project = write_project(tmp_path, small(OK, f"[dev]\nport = {port}\n"))
        said = ended(project)
        assert (said.returncode, f"Port {port} is in use" in said.stderr) == (2, True)
    with Dev(project) as dev:  # --port 0
        assert not dev.url.endswith(f":{port}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_edit_of_the_configs_port_is_followed(tmp_path: Path) -> None:
    """Without --port; if the new one is in use, the Worker keeps its port."""
    first, second = free_port(), free_port()
    project = write_project(tmp_path, small(OK, f"[dev]\nport = {first}\n"))
    config = (project / "wrangler.toml").read_text("utf-8")
    with Dev(project, port=None) as dev, socket.create_server(("127.0.0.1", 0)) as taken:
        assert dev.url == f"http://127.0.0.1:{first}"
        dev.write("wrangler.toml", config.replace(str(first), str(taken.getsockname()[1])))
        said = dev.event("log", "is in use")["message"]
        assert said.endswith(f"The Worker stays at {dev.url}")
        dev.event("restarted")
        assert dev.get()[0] == 200
        dev.write("wrangler.toml", config.replace(str(first), str(second)))
        moved = dev.event("moved")
        dev.event("restarted")
        assert moved["url"] == f"http://127.0.0.1:{second}"
        assert moved["message"] == f"dev.port has changed: the Worker is at {moved['url']} now"
        with pytest.raises(OSError):
            urllib.request.urlopen(dev.url, timeout=WAIT)
        dev.url = moved["url"]
        assert dev.get()[0] == 200


def test_a_port_that_was_given_stays(tmp_path: Path) -> None:
    project = write_project(tmp_path, small(OK))
    config = (project / "wrangler.toml").read_text("utf-8")
    with Dev(project) as dev:
        dev.write("wrangler.toml", f"{config}[dev]\nport = {free_port()}\n")
        dev.event("restarted")
        assert dev.get()[0] == 200
        assert "moved" not in {event["event"] for event in dev.seen}


REFUSED: list[tuple[str, dict[str, Any], list[str], str]] = [
    ("Pages", {"wrangler.toml": 'pages_build_output_dir = "public"\n'}, [], "wrangler pages dev"),
    ("host", small(OK), ["--allowed-host", "http://x"], "is not a host name"),
    ("no main", {"wrangler.toml": 'name = "x"\n'}, [], "add main = "),
]


@pytest.mark.parametrize(
    ("files", "options", "said"), [pytest.param(*r[1:], id=r[0]) for r in REFUSED]
)
def test_what_cannot_be_run_is_said(
    files: Mapping[str, Any], options: list[str], said: str, tmp_path: Path
) -> None:
    done = ended(write_project(tmp_path, files), "--port", "0", *options)
    assert (done.returncode, said in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr


def _huge(path: Path) -> None:
    gigabytes(path, 8 * 1024**3)


READ = """import text from "./a.txt"; import data from "./a.bin"; import wasm from "./a.wasm";
import "./imported"; import "../beside/b.ts"; import "pkg"; import { x } from "./lib/index.js"; void x;
"""
BAD = {"a pipe": pipe, "an endless device": endless, "gigabytes": _huge}
NAMES: tuple[str, ...] = ("src/a.txt", "src/a.bin", "src/a.wasm", "src/imported.ts", "beside/b.ts")
NAMES += ("node_modules/pkg/package.json", "node_modules/pkg/main.js", "src/lib/index.ts")
NAMES += ("src/w.js", ".dev.vars")


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_what_is_no_file_is_named_and_blocks_nothing(
    name: str, bad: Callable[[Path], None], tmp_path: Path
) -> None:
    empty_wasm = b"\0asm\1\0\0\0"
    files: dict[str, str | bytes] = {
        "src/a.txt": "t",
        "src/a.bin": "d",
        "src/a.wasm": empty_wasm,
        "src/imported.ts": "",
        "src/lib/index.ts": "export const x: number = 1",
        "beside/b.ts": "",
        "node_modules/pkg/package.json": '{"name": "pkg", "main": "main"}',
        "node_modules/pkg/main.js": "",
        ".dev.vars": "",
        "src/w.js": READ + OK,
    }
    project = write_project(tmp_path, small(OK, "", files))
    config = project / "wrangler.toml"
    config.write_text(config.read_text("utf-8").replace("w.js", "src/w.js"), "utf-8")
    with Dev(project) as dev:
        assert dev.get()[0] == 200
        path = project / name
        kept = path.read_bytes()
        path.unlink()
        bad(path)
        if "node_modules" in name:  # not watched: packages don't change
            (project / "src" / "w.js").write_text(READ + OK + "//", "utf-8")
        said = dev.event("failed")["message"]
        assert path.name in said
        assert re.search("is a named pipe|is a device|over the limit of", said)
        assert dev.get()[0] == 200
        path.unlink()
        path.write_bytes(kept)
        if name != ".dev.vars" and "node_modules" not in name:
            dev.event("restarted")
        dev.process.send_signal(signal.SIGTERM)
        assert dev.process.wait(WAIT) == 0


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
def test_what_only_esbuild_opens_ends_with_us(tmp_path: Path) -> None:
    source = "const all = (name) => import(`./many/${name}.js`);\n" + OK
    with Dev(write_project(tmp_path, small(source, "", {"many/a.js": ""}))) as dev:
        assert dev.get()[0] == 200
        os.mkfifo(tmp_path / "many" / "b.js")
        (tmp_path / "w.js").write_text(source + "\n//", "utf-8")
        time.sleep(1.5)  # esbuild waits for somebody to write
        assert dev.get()[0] == 200
        dev.process.send_signal(signal.SIGTERM)
        assert dev.process.wait(WAIT) == 0


# output -----------------------------------------------------------------------------------------

LONG = """export default { async fetch(request) {
  const size = Number(new URL(request.url).searchParams.get("size"));
  console.log("\\u{1f600}\\n" + "x".repeat(size) + "\\"\\\\");
  console.log("behind");
  return new Response("ok");
} };"""


def test_a_line_of_any_length_is_cut_and_counted(tmp_path: Path) -> None:
    with Dev(write_project(tmp_path, small(LONG))) as dev:
        for size in (1000, 65536, 300_000, 20 * 1024**2):
            assert dev.get(f"/?size={size}")[0] == 200
            said = dev.event("log", "\U0001f600\nxxx")["message"]
            assert len(said) < 66_000
            assert ("more bytes of this line were left out" in said) == (size > 65_000)
            dev.event("log", "behind")


FLOOD = """export default { async fetch(request, env, ctx) {
  if (!request.url.endsWith("/flood")) return new Response("ok");
  const until = Date.now() + 1e9;
  for (let i = 0; i < 200000; i++) console.log("line", i, "x".repeat(100));
  return new Response("flooded");
} };"""


def memory(pid: int) -> int:
    """Return the peak memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="shows the memory")
def test_a_flood_of_lines_takes_no_memory_when_nobody_reads(tmp_path: Path) -> None:
    project = write_project(tmp_path, small(FLOOD))
    out, written = os.pipe()
    process = subprocess.Popen(
        own_command("dev", "--json", "--port", "0", "--store", "memory:"),
        cwd=project,
        stdout=written,
        stderr=written,
    )
    os.close(written)
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(out, 1)
    url = json.loads(line)["url"]
    assert ask(url, "localhost")[0] == 200
    before = memory(process.pid)
    assert ask(f"{url}/flood", "localhost") == (200, "flooded")
    assert ask(url, "localhost")[0] == 200
    assert memory(process.pid) - before < 60
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT) == 0
    os.close(out)


REJECTIONS = """
const save = async (env) => env.KV.put("x", "1", { expiration: Date.now() });
export default { async fetch(request, env) {
  const calls = {
    async caught() { try { await env.KV.put("x", "1", { expiration: Date.now() }) } catch {} },
    async handled() { await env.KV.put("x", "1", { expiration: Date.now() }).catch(() => {}) },
    async returned() { try { await save(env) } catch {} },
    async settled() { await Promise.allSettled([save(env), save(env)]) },
    async later() { const p = save(env); await env.KV.get("a"); await p.catch(() => {}) },
    async own() { try { await (async () => Promise.reject(new Error("own")))() } catch {} },
    async forgotten() { save(env); await env.KV.get("a") },
    async nobody() { Promise.reject(new RangeError("nobody")) },
  };
  await calls[new URL(request.url).pathname.slice(1)]();
  return new Response("ok");
} };"""
SHOWN: list[tuple[str, list[str]]] = [
    ("caught", []),
    ("handled", []),
    ("returned", []),
    ("settled", []),
    ("later", []),
    ("own", []),
    ("forgotten", ["TypeError"]),
    ("nobody", ["RangeError"]),
]


@pytest.mark.parametrize("compat", ["miniflare2", "workerd"])
async def test_a_rejection_is_shown_where_nobody_handles_it(compat: Any) -> None:
    emulator = Emulator(
        script=REJECTIONS,
        kv_namespaces=["KV"],
        compat=compat,
        compatibility_date="2025-06-01",
        folder=PACKAGES.parent,
    )
    async with emulator:
        for name, expected in SHOWN:
            emulator.events.clear()
            response = await emulator.dispatch_fetch(f"http://localhost/{name}")
            assert response.text == "ok"
            await asyncio.sleep(0.5)
            said = [event.message for event in emulator.events if event.kind == "exception"]
            assert len(said) == len(expected), (name, said)
            for message, kind in zip(said, expected, strict=True):
                assert message.startswith(f"Uncaught (in promise) {kind}: ")


# how it ends ------------------------------------------------------------------------------------


def test_a_build_that_does_not_end_ends_with_us(tmp_path: Path) -> None:
    config = '[build]\ncommand = "sleep 1000"\n'
    project = write_project(tmp_path, small(OK, config))
    process = subprocess.Popen(
        own_command("dev", "--json", "--port", "0", "--store", "memory:"), cwd=project
    )
    time.sleep(2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT) == 0


def test_two_on_one_project_have_the_same_keys(tmp_path: Path) -> None:
    source = """export default { async fetch(request, env) {
      const { pathname } = new URL(request.url);
      if (request.method === "GET") return new Response(await env.KV.get(pathname));
      await env.KV.put(pathname, await request.text());
      return new Response("put");
    } };"""
    config = 'kv_namespaces = [{ binding = "KV", id = "kv" }]\n'
    project = write_project(tmp_path, small(source, config))
    with Dev(project, store="wrangler:") as one, Dev(project, store="wrangler:") as two:
        for number, (writer, reader) in enumerate([(one, two), (two, one)] * 5):
            request = urllib.request.Request(f"{writer.url}/{number}", b"v", method="PUT")
            with urllib.request.urlopen(request, timeout=WAIT) as response:
                assert response.read() == b"put"
            assert reader.get(f"/{number}") == (200, "v")


def test_a_project_that_moves_away_and_a_linked_config_are_followed(tmp_path: Path) -> None:
    project = tmp_path / "project"
    files = small(OK, "[vars]\nV = '1'\n")
    write_project(project, files)
    shared = tmp_path / "shared.toml"
    (project / "wrangler.toml").replace(shared)
    (project / "wrangler.toml").symlink_to(shared)
    with Dev(project) as dev:
        project.rename(tmp_path / "away")
        dev.event("failed")
        assert dev.get()[0] == 200
        (tmp_path / "away").rename(project)
        dev.event("restarted")
        shared.write_text(str(files["wrangler.toml"]) + "W = '2'\n", encoding="utf-8")
        dev.event("restarted")
        dev.write("w.js", OK.replace("ok", "new"))
        dev.event("restarted")
        assert dev.get()[1].startswith("new")
