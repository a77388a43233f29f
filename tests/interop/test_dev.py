"""`kvlens dev` as users run it: a project, the real workerd and esbuild, requests, changes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from kvlens.process import own_command

from tests.interop.projects import WAIT, Dev, wait_until_gone, write_project

CONFIG = """name = "counter"
main = "src/index.ts"
compatibility_date = "2025-06-01"
kv_namespaces = [{ binding = "COUNTS", id = "counts" }]

[vars]
GREETING = "hello \\"you\\" ü"
LIMITS = { most = [3, true] }

[env.staging]
kv_namespaces = [{ binding = "COUNTS", id = "counts-of-staging" }]
vars = { GREETING = "staging" }
"""
INDEX = """import { shout } from "shouter";
import { next } from "./lib/count";

interface Env { COUNTS: any; GREETING: string; SECRET?: string; LIMITS?: { most: unknown[] } }

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/throw") fail(pathname);
    if (pathname === "/forgotten") env.COUNTS.put("k", {});
    if (pathname === "/log") console.warn("seen", { path: pathname }, "on\\ntwo lines");
    const count = await next(env.COUNTS);
    return Response.json({ ...env, COUNTS: typeof env.COUNTS, count, shout: shout("a") });
  },
};

function fail(what: string): never {
  throw new RangeError(`no ${what}`);
}
"""
COUNT = """export async function next(kv: any): Promise<number> {
  const count = Number((await kv.get("count")) ?? 0) + 1;
  await kv.put("count", String(count));
  return count;
}
"""
PROJECT = {
    "wrangler.toml": CONFIG,
    "src/index.ts": INDEX,
    "src/lib/count.ts": COUNT,
    ".dev.vars": 'SECRET="a # b"\n',
    ".dev.vars.staging": "SECRET=of staging\n",
    "node_modules/shouter/package.json": '{"name": "shouter", "main": "index.js"}',
    "node_modules/shouter/index.js": "exports.shout = (text) => text.toUpperCase();\n",
}
FULL = {"GREETING": 'hello "you" ü', "LIMITS": {"most": [3, True]}, "SECRET": "a # b"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path, PROJECT)


def answer(dev: Dev, path: str = "/") -> Any:
    status, text = dev.get(path)
    assert status == 200, text
    return json.loads(text)


def small(
    source: str, config: str = "", files: Mapping[str, str | bytes] | None = None
) -> dict[str, str | bytes]:
    toml = f'name = "w"\nmain = "w.js"\ncompatibility_date = "2025-06-01"\n{config}'
    return {"wrangler.toml": toml, "w.js": source, **(files or {})}


# what a Worker gets ----------------------------------------------------------------------------

AT_ONCE = """export default { async fetch(request, { KV }) {
  const failed = [];
  const each = (act) => Promise.all([...Array(1500).keys()].map(
    (number) => act(`key ${number}`).catch((error) => failed.push(String(error)))));
  await each((key) => KV.put(key, "value"));
  const got = new Set(await each((key) => KV.get(key)));
  const listed = (await KV.list()).keys.length;
  await each((key) => KV.delete(key));
  const left = (await KV.list()).keys.length;
  return Response.json({ failed: failed.slice(0, 3), got: [...got], listed, left });
} };
"""


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """Limit the open files of new programs as on macOS."""
    if sys.platform == "win32":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_descriptors")
@pytest.mark.parametrize("store", ["memory:", "wrangler:"])
def test_a_worker_may_make_many_calls_at_once(tmp_path: Path, store: str) -> None:
    """As in `Promise.all` over a page of keys; workerd opens a connection for each."""
    write_project(tmp_path, small(AT_ONCE, 'kv_namespaces = [{ binding = "KV", id = "kv" }]\n'))
    with Dev(tmp_path, store=store) as dev:
        for _ in range(2):  # on new connections, and on open ones
            done = {"failed": [], "got": ["value"], "listed": 1000, "left": 0}
            assert answer(dev) == done


def test_typescript_packages_vars_and_secrets(project: Path) -> None:
    with Dev(project) as dev:
        assert {"url", "rest", "token"} <= dev.ready.keys()
        assert answer(dev) == {**FULL, "COUNTS": "object", "count": 1, "shout": "A"}
        assert answer(dev)["count"] == 2


def test_an_environment(project: Path) -> None:
    with Dev(project, "--env", "staging") as dev:
        assert answer(dev) == {
            "GREETING": "staging",
            "SECRET": "of staging",
            "COUNTS": "object",
            "count": 1,
            "shout": "A",
        }


MODULES: list[tuple[str, dict[str, str | bytes], Any]] = [
    ("text, data and wasm", small(
        'import text from "./a.txt"; import data from "./b.bin"; import wasm from "./c.wasm";\n'
        'import again from "./c.wasm?module"; import page from "./d.html"; import sql from "./e.sql";\n'
        "const isWasm = (m) => m instanceof WebAssembly.Module;\n"
        "export default { fetch: () => Response.json([text, page, sql, data.byteLength,\n"
        "  data.constructor.name, isWasm(wasm), isWasm(again)]) };", "",
        {"a.txt": "té", "b.bin": b"\x00\xff\x01", "c.wasm": b"\x00asm\x01\x00\x00\x00",
           "d.html": "<p>", "e.sql": "SELECT 1"}),
     ["té", "<p>", "SELECT 1", 3, "ArrayBuffer", True, True]),
    ("rules", small(
        'import a from "./a.md"; export default { fetch: () => Response.json([a]) };',
        '[[rules]]\ntype = "Text"\nglobs = ["**/*.md"]\n', {"a.md": "# title"}), ["# title"]),
    ("node", small(
        'import { Buffer } from "buffer"; import path from "node:path"; import old from "old";\n'
        "export default { fetch: () => Response.json([Buffer.from('a').toString('hex'),\n"
        "  path.join('a', 'b'), old(), typeof process]) };",
        'compatibility_flags = ["nodejs_compat"]\n',
        {"node_modules/old/index.js":
           'const { EventEmitter } = require("events"); module.exports = () => typeof EventEmitter;'}),
     ["61", "a/b", "function", "object"]),
    ("define and alias", small(
        'import x from "aliased"; export default { fetch: () => Response.json([x, HERE]) };',
        '[define]\nHERE = "\\"there\\""\n[alias]\naliased = "./x.js"\n',
        {"x.js": "export default process.env.NODE_ENV;"}), ["development", "there"]),
    ("no_bundle", small(
        'import { x } from "./lib/x.mjs"; import t from "./t.txt";\n'
        "export default { fetch: () => Response.json([x, t]) };",
        "no_bundle = true\n", {"lib/x.mjs": "export const x = 1;", "t.txt": "t"}), [1, "t"]),
    ("build command", {
        "w.js": "export default { fetch: () => Response.json(['made']) };",
        "wrangler.toml": 'main = "out/made.mjs"\ncompatibility_date = "2025-06-01"\n'
        '[build]\ncommand = "mkdir -p out && cp w.js out/made.mjs"\n'}, ["made"]),
    ("caches", small(
        "export default { async fetch(r) { const c = caches.default; const k = 'http://k/';\n"
        "  await c.put(k, new Response('x', { headers: { 'cache-control': 'max-age=60' } }));\n"
        "  return Response.json([(await c.match(k)) ?? null, await c.delete(k)]); } };"),
     [None, False]),
    ("JSON config", {
        "wrangler.jsonc": '{ // a comment\n "main": "w.js", "compatibility_date": "2025-06-01",\n'
        ' "vars": { "A": "x", "B": { "c": [1.5] } }, }',
        "w.js": "export default { fetch: (r, env) => Response.json([env.A, env.B]) };"},
     ["x", {"c": [1.5]}]),
    (".env files", small(
        "export default { fetch: (r, env) => Response.json([env.A, env.B]) };",
        '[vars]\nA = "of vars"\n', {".env": "A=1\nB=2\n", ".env.local": "B=3\n"}), ["1", "3"]),
    ("service worker", small(
        "addEventListener('fetch', (e) => e.respondWith(answer()));\n"
        "async function answer() { await KV.put('k', V); return Response.json([await KV.get('k'), J]); }",
        'kv_namespaces = [{ binding = "KV" }]\n[vars]\nV = "v"\nJ = { a = 1 }\n'), ["v", {"a": 1}]),
    ("service worker that is bundled", small(
        "import { x } from './x.ts';\n"
        "addEventListener('fetch', (e) => e.respondWith(Response.json([x, V])));",
        '[vars]\nV = "v"\n', {"x.ts": "export const x: number = 5;"}), [5, "v"]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*m[1:], id=m[0]) for m in MODULES])
def test_sources(files: dict[str, str | bytes], expected: Any, tmp_path: Path) -> None:
    with Dev(write_project(tmp_path, files)) as dev:
        assert answer(dev) == expected


def test_what_is_not_run_is_named_once(tmp_path: Path) -> None:
    config = """kv_namespaces = [{ binding = "KV" }]
assets = { directory = "public" }
durable_objects = { bindings = [{ name = "ROOMS", class_name = "Room" }] }
[[d1_databases]]
binding = "DB"
[[r2_buckets]]
binding = "FILES"
[[queues.producers]]
binding = "JOBS"
queue = "jobs"
[ai]
binding = "AI"
"""
    source = "export default { fetch: (r, env) => Response.json(Object.keys(env)) };"
    with Dev(write_project(tmp_path, small(source, config))) as dev:
        assert answer(dev) == ["KV"]
        warning = dev.event("log", "not supported, so undefined")
        assert warning["level"] == "warning"
        for name in ("ROOMS (durable_objects)", "DB (d1_databases)", "FILES (r2_buckets)",
                     "JOBS (queues)", "AI (ai)", "assets"):  # fmt: skip
            assert name in warning["message"]
        assert "KV (" not in warning["message"]


def test_a_binding_that_is_declared_twice_is_reported(tmp_path: Path) -> None:
    """wrangler 4 rejects such a config: "assigned to multiple KV Namespace bindings"."""
    config = """kv_namespaces = [
  { binding = "KV", id = "a" },
  { binding = "KV", id = "a" },
  { binding = "KV", id = "b" },
]
"""
    source = "export default { fetch: (r, env) => Response.json(Object.keys(env)) };"
    with Dev(write_project(tmp_path, small(source, config))) as dev:
        assert answer(dev) == ["KV"]
        said = dev.event("log", "declared twice")["message"]
        assert re.sub(r"line \d+", "line N", said).startswith(
            'KV is declared twice: the id "a" in line N is used, the id "b" in line N is not.'
        )


def test_the_first_line_says_where_it_is(tmp_path: Path) -> None:
    """Even if the Worker or the build has output before it."""
    script = """console.log("hello from the start");
if (1 === -0) throw 1;
export default { fetch() { return new Response("ok") } };"""
    with Dev(write_project(tmp_path, small(script))) as dev:
        assert dev.seen[0]["event"] == "ready"
        assert {"url", "rest", "token"} <= dev.seen[0].keys()
        assert dev.get() == (200, "ok")
        dev.event("log", "hello from the start")


def test_keys_stay_from_run_to_run(project: Path) -> None:
    with Dev(project, store="wrangler:") as dev:
        assert answer(dev)["count"] == 1
    with Dev(project, store="wrangler:") as dev:
        assert answer(dev)["count"] == 2
    assert (project / ".wrangler" / "state" / "v3" / "kv").is_dir()


# changes ---------------------------------------------------------------------------------------


def test_a_change_restarts_and_keeps_data(project: Path) -> None:
    with Dev(project) as dev:
        assert answer(dev)["count"] == 1
        dev.write("src/lib/count.ts", COUNT.replace("+ 1", "+ 10"))
        dev.event("restarted")
        assert answer(dev)["count"] == 11
        dev.write(".dev.vars", "SECRET=changed\n")
        dev.event("restarted")
        assert answer(dev)["SECRET"] == "changed"
        dev.write("wrangler.toml", CONFIG.replace('"counts" }', '"counts" }, { binding = "NEW" }'))
        dev.event("restarted")
        found = answer(dev)
        assert (found["count"], found["NEW"]) == (31, {})


def test_a_save_without_a_change_restarts_nothing(project: Path) -> None:
    with Dev(project) as dev:
        dev.write("src/index.ts", INDEX)
        dev.write("src/lib/count.ts", COUNT + "// changed\n")
        dev.event("restarted")
        dev.write("src/lib/count.ts", COUNT)
        dev.event("restarted")
        assert [event["event"] for event in dev.seen].count("restarted") == 2


def test_requests_during_restarts_wait(project: Path) -> None:
    with Dev(project) as dev:
        answers: list[tuple[int, str]] = []
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                answers.append(dev.get("/"))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(4):
            dev.write("src/lib/count.ts", f"{COUNT}// {number}\n")
            dev.event("restarted")
        stop.set()
        for thread in threads:
            thread.join(WAIT)
        assert {status for status, _ in answers} == {200}


def test_websockets_pass(tmp_path: Path) -> None:
    source = """export default { fetch() {
  const [client, server] = Object.values(new WebSocketPair());
  server.accept();
  server.addEventListener("message", (event) => server.send(event.data.toUpperCase()));
  return new Response(null, { status: 101, webSocket: client });
} };"""
    with Dev(write_project(tmp_path, small(source))) as dev:
        host, port = dev.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=WAIT) as connection:
            connection.sendall(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2V5IG9mIDE2IGJ5dGVzIQ==\r\n\r\n"
            )
            stream = connection.makefile("rb")
            assert b" 101 " in stream.readline()
            while stream.readline() != b"\r\n":
                pass
            connection.sendall(b"\x81\x82\x00\x00\x00\x00hi")  # a masked frame of text
            assert stream.read(4) == b"\x81\x02HI"


def test_workerd_that_ends_is_started_again(project: Path) -> None:
    with Dev(project) as dev:
        assert answer(dev)["count"] == 1
        (pid,) = dev.workerd()
        os.kill(pid, signal.SIGKILL)
        dev.event("log", "stopped unexpectedly")
        assert answer(dev)["count"] == 2


# what is shown ---------------------------------------------------------------------------------


def test_exceptions_have_source_positions(project: Path) -> None:
    with Dev(project) as dev:
        assert dev.get("/throw")[0] == 500
        shown = dev.event("exception")
        assert shown["message"].splitlines()[0] == "Uncaught (in promise) RangeError: no /throw"
        assert "at fail (src/index.ts:18:9)" in shown["message"]
        assert "at Object.fetch (src/index.ts:9:32)" in shown["message"]
        assert (shown["file"], shown["line"]) == (str((project / "src/index.ts").resolve()), 18)


def test_a_rejection_nobody_waits_for_is_shown(project: Path) -> None:
    with Dev(project) as dev:
        assert dev.get("/forgotten")[0] == 200
        shown = dev.event("exception")
        assert "TypeError: KV put() accepts only strings" in shown["message"]
        assert (shown["line"], "kvlens:" in shown["message"]) == (10, False)


def test_console_output_is_shown(project: Path) -> None:
    with Dev(project) as dev:
        assert dev.get("/log")[0] == 200
        shown = dev.event("log", "seen")
        assert shown["level"] == "warning"
        assert shown["message"] == "seen { path: '/log' } on\ntwo lines"
        assert dev.event("request")["message"].startswith("GET /log 200")


def test_a_service_worker_shows_the_same(tmp_path: Path) -> None:
    source = """addEventListener("fetch", (event) => event.respondWith(answer(event.request)));
async function answer(request) {
  console.error("told", { a: 1 });
  if (request.url.endsWith("/throw")) throw new Error("thrown");
  KV.delete(undefined);
  return new Response("x");
}
"""
    config = 'kv_namespaces = [{ binding = "KV" }]\n'
    with Dev(write_project(tmp_path, small(source, config))) as dev:
        assert dev.get("/throw")[0] == 500
        assert dev.event("log", "told")["level"] == "error"
        thrown = dev.event("exception")
        assert thrown["message"].startswith("Uncaught (in promise) Error: thrown\n")
        assert (thrown["line"], thrown["file"]) == (4, str((tmp_path / "w.js").resolve()))
        assert dev.get("/")[0] == 200
        assert dev.event("exception", "parameter 1 is not of type 'string'")["line"] == 5


def test_human_output(project: Path) -> None:
    command = own_command("dev", "--port", "0", "--store", "memory:", "--lifeline")
    process = subprocess.Popen(
        command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline().startswith("KV Lens runs counter at http://127.0.0.1:")
    process.stdin.close()
    rest = process.stdout.read()
    assert process.wait(WAIT) == 0
    assert "  KV     COUNTS  counts\n" in rest


# mistakes --------------------------------------------------------------------------------------

BROKEN: list[tuple[str, str, str, int]] = [
    ("does not parse", "export default {\n  fetch( {\n", "Uncaught SyntaxError", 3),
    ("throws at once", "const x = undefined;\nx.y;\nexport default {};\n", "TypeError", 2),
    ("does not bundle", "import './nothere';\nexport default {};\n",
     'w.js:1:8: Could not resolve "./nothere"', 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "text", "line"), [pytest.param(*row[1:], id=row[0]) for row in BROKEN]
)
def test_a_broken_source_waits_for_the_next_change(
    source: str, text: str, line: int, tmp_path: Path
) -> None:
    with Dev(write_project(tmp_path, small(source))) as dev:
        failed = dev.event("failed")
        assert text in failed["message"]
        assert (failed["file"], failed["line"]) == (str((tmp_path / "w.js").resolve()), line)
        status, shown = dev.get()
        assert status == 503
        assert text in shown
        dev.write("w.js", "export default { fetch: () => new Response('well') };")
        dev.event("restarted")
        assert dev.get() == (200, "well")


def test_a_missing_file_that_comes(tmp_path: Path) -> None:
    source = "import { x } from './x.js';\nexport default { fetch: () => new Response(x) };"
    with Dev(write_project(tmp_path, small(source))) as dev:
        dev.event("failed", 'Could not resolve "./x.js"')
        dev.write("x.js", "export const x = 'here';")
        dev.event("restarted")
        assert dev.get() == (200, "here")


def test_a_later_mistake_leaves_the_worker_running(project: Path) -> None:
    with Dev(project) as dev:
        dev.write("src/index.ts", INDEX + "}")
        failed = dev.event("failed")
        assert failed["message"].startswith("src/index.ts:")
        assert failed["line"] == len(INDEX.splitlines()) + 1
        assert answer(dev)["count"] == 1
        dev.write("wrangler.toml", CONFIG + "[")
        assert "wrangler.toml:" in dev.event("failed", "wrangler.toml")["message"]
        assert answer(dev)["count"] == 2
        dev.write("wrangler.toml", CONFIG)
        dev.write("src/index.ts", INDEX.replace('shout("a")', 'shout("b")'))
        dev.event("restarted")
        assert answer(dev)["shout"] == "B"


def refused(folder: Path, *options: str, path: str | None = None) -> str:
    """Run a command that can't start and return its one-line error."""
    environment = {**os.environ, "PATH": path} if path is not None else None
    ran = subprocess.run(
        own_command("dev", "--store", "memory:", *options),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "Traceback" not in ran.stderr
    return ran.stderr


def test_what_cannot_start(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(project, "--port", str(port))
    assert f"Port {port} is in use by another program" in said
    assert 'no environment "prod"; the environments in it are: staging' in refused(
        project, "--env", "prod"
    )
    bare = tmp_path_factory.mktemp("bare")
    assert "--config" in refused(bare)
    write_project(bare, small("export default {}"), packages=False)
    said = refused(bare, "--port", "0", path=str(bare))
    assert "workerd" in said
    assert "npm install --save-dev wrangler" in said
    write_project(bare, {"wrangler.toml": 'name = "x"\n'}, packages=False)
    assert "the config has no main" in refused(bare, "--port", "0")
    write_project(bare, {"wrangler.toml": 'main = "w.py"\n', "w.py": ""}, packages=False)
    (bare / "wrangler.toml").write_text("main = \n", encoding="utf-8")
    assert "wrangler.toml:1:" in refused(bare, "--port", "0")


def test_esbuild_is_missing(tmp_path: Path) -> None:
    write_project(tmp_path, small("import './x.ts'; export default {};"), packages=False)
    said = refused(tmp_path, "--port", "0", path=str(tmp_path))
    assert "esbuild" in said
    assert "npm install --save-dev esbuild" in said


# the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "SIGKILL", "lifeline"])
def test_nothing_is_left_behind(
    how: str,
    project: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    temporary = tmp_path_factory.mktemp("t")
    monkeypatch.setenv("TMPDIR", str(temporary))
    dev = Dev(project)
    assert answer(dev)["count"] == 1
    (pid,) = dev.workerd()
    if how == "lifeline":
        assert dev.end() == 0
    else:
        dev.process.send_signal(getattr(signal, how))
        assert dev.process.wait(WAIT) == (0 if how != "SIGKILL" else -signal.SIGKILL)
    assert wait_until_gone(pid)
    dev.end()
    until = time.monotonic() + WAIT
    while (left := list(temporary.iterdir())) and time.monotonic() < until:
        time.sleep(0.02)
    assert left == []


ENDINGS_WORKER = """export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const part = new TextEncoder().encode("part");
    const wait = () => new Promise((done) => setTimeout(done, 20));
    if (pathname === "/length") return new Response("whole");
    if (pathname === "/chunks") {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      void (async () => { await writer.write(part); await wait(); await writer.close(); })();
      return new Response(readable);
    }
    if (pathname === "/short") {
      const { readable, writable } = new FixedLengthStream(100);
      const writer = writable.getWriter();
      void (async () => { await writer.write(part); await wait(); await writer.abort(new Error("mid")); })();
      return new Response(readable);
    }
    return new Response(new ReadableStream({
      async pull(controller) {
        controller.enqueue(part);
        await wait();
        controller.error(new Error("mid"));
      },
    }));
  },
};
"""
ENDINGS: dict[str, tuple[str, str, bytes]] = {
    # id: (path, version and headers, the end of what the client gets before the connection ends)
    "a body that fails": ("/errors", "1.1", b"part\r\n"),
    "a body that fails, of a known length": ("/short", "1.1", b"part"),
    "HTTP/1.0, of a known length": ("/length", "1.0", b"whole"),
    "HTTP/1.0, of no length": ("/chunks", "1.0", b"part"),
    "HTTP/1.0, a body that fails": ("/errors", "1.0", b"part"),
    "HTTP/1.0, Connection: close": ("/length", "1.0\r\nConnection: close", b"whole"),
    "HTTP/1.0, another option": ("/length", "1.0\r\nConnection: other", b"whole"),
    "HTTP/1.0, kept, of no length": ("/chunks", "1.0\r\nConnection: Keep-Alive", b"part"),
    "Connection: close": ("/chunks", "1.1\r\nConnection: close", b"0\r\n\r\n"),
}


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    files = {
        "wrangler.toml": 'name = "a"\nmain = "a.js"\ncompatibility_date = "2025-06-01"\n'
        'kv_namespaces = [{ binding = "KV", id = "kv" }]\n',
        "a.js": ENDINGS_WORKER,
    }
    with Dev(write_project(tmp_path_factory.mktemp("endings"), files)) as dev:
        yield dev


@pytest.mark.parametrize(("path", "version", "end"), ENDINGS.values(), ids=ENDINGS)
def test_a_response_that_ends_the_connection(
    endings: Dev, path: str, version: str, end: bytes
) -> None:
    host, port = endings.url.removeprefix("http://").split(":")
    first, _, more = version.partition("\r\n")
    with socket.create_connection((host, int(port)), timeout=WAIT) as connection:
        lines = [f"GET {path} HTTP/{first}", "Host: localhost", *([more] if more else []), "", ""]
        request = "\r\n".join(lines)
        connection.sendall(request.encode())
        got = b""
        while data := connection.recv(65536):  # a connection that stays open times out
            got += data
    assert got.startswith(b"HTTP/1.")
    assert got.endswith(end)
