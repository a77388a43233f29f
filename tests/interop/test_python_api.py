"""`kvlens.Emulator` and its synchronous version in `kvlens.sync`, with a Worker on the real
workerd.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kvlens
import pytest
from kvlens import BuildError, Emulator, KVTypeError, ManualClock, StartError, WorkerError, sync

from tests.interop.projects import write_project

HERE = Path(__file__).parent
# The example of Miniflare's page on KV, https://miniflare.dev/storage/kv
MODULE = """export default {
  async fetch(request, env, ctx) {
    const value = parseInt(await env.TEST_NAMESPACE.get("count")) + 1;
    await env.TEST_NAMESPACE.put("count", value.toString());
    return new Response(value.toString());
  },
}
"""
SERVICE_WORKER = """addEventListener("fetch", (event) => event.respondWith(count()));
async function count() {
  const value = parseInt(await TEST_NAMESPACE.get("count")) + 1;
  await TEST_NAMESPACE.put("count", value.toString());
  return new Response(value.toString());
}
"""
ECHO = """export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/throw") throw new Error("thrown");
    if (pathname === "/moved") return Response.redirect("http://elsewhere.test/", 302);
    if (pathname === "/cookies") {
      const headers = new Headers();
      headers.append("Set-Cookie", "a=1");
      headers.append("Set-Cookie", "b=2");
      return new Response(null, { headers });
    }
    if (pathname === "/zipped") return new Response("z".repeat(1000), {
      headers: { "Content-Encoding": "gzip" } });
    if (pathname === "/bytes") return new Response(await request.arrayBuffer());
    console.log("seen", pathname);
    return Response.json({
      url: request.url, method: request.method, host: request.headers.get("host"),
      type: request.headers.get("content-type"), own: request.headers.get("x-own"),
      body: await request.text(), env: Object.fromEntries(
        Object.entries(env).map(([name, value]) => [name, value?.get ? "KV" : value])),
    });
  },
};
"""


def read(request: str | urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=60) as response:
        content: bytes = response.read()
        return content


@pytest.mark.parametrize("told", [True, False], ids=["told", "seen"])
@pytest.mark.parametrize("modules", [True, False], ids=["modules", "service worker"])
async def test_the_example_of_miniflares_page(modules: bool, told: bool) -> None:
    async with Emulator(
        script=MODULE if modules else SERVICE_WORKER,
        modules=modules if told else None,
        kv_namespaces=["TEST_NAMESPACE"],
        folder=HERE,
    ) as emulator:
        namespace = await emulator.get_kv_namespace("TEST_NAMESPACE")
        await namespace.put("count", "1")
        response = await emulator.dispatch_fetch("http://localhost:8787/")
        assert response.text == "2"
        assert await namespace.get("count") == "2"


@pytest.mark.parametrize(
    "script",
    [
        'addEventListener("fetch", (event) => { event.respondWith(answer()); });\n'
        'async function answer() { return new Response(await N1.get("key")); }',
        '// export default { fetch() {} }\nconst text = `export default ${"}"}`;\n'
        'addEventListener("fetch", (e) => e.respondWith(N1.get("key").then((v) => '
        "new Response(v))));",
        'export default { fetch: async (_, env) => new Response(await env.N1.get("key")) };',
        'const fetch = async (_, env) => new Response(await env.N1.get("key"));\n'
        "export { worker as default }; const worker = { fetch };",
    ],
    ids=["service worker", "only said in texts", "module", "exported below"],
)
@pytest.mark.parametrize("as_file", [False, True], ids=["text", "file"])
def test_the_script_tells_its_syntax(script: str, as_file: bool, tmp_path: Path) -> None:
    path = tmp_path / "worker.js"
    path.write_text(script, "utf-8")
    source: dict[str, Any] = {"script_path": path} if as_file else {"script": script}
    with sync.Emulator(**source, kv_namespaces=["N1"], folder=HERE) as emulator:
        emulator.get_kv_namespace("N1").put("key", "value")
        assert emulator.dispatch_fetch("http://localhost:8787/").text == "value"


@pytest.mark.parametrize("compat", ["strict", "workerd", "miniflare2"])
async def test_the_modes(compat: kvlens.CompatName) -> None:
    async with Emulator(kv_namespaces=["KV"], compat=compat, folder=HERE) as emulator:
        kv = await emulator.get_kv_namespace("KV")
        assert await kv.get(["a"]) == {"a": None}
        if compat == "workerd":
            assert (await kv.list(limit=0))["keys"] == []
        else:
            with pytest.raises(kvlens.KVError, match="strict mode"):
                await kv.list(limit=0)


def test_a_mode_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="compat is 'loose'; it takes strict or workerd"):
        Emulator(compat="loose")  # type: ignore[arg-type]


def test_the_same_without_async() -> None:
    with sync.Emulator(
        script=MODULE, modules=True, kv_namespaces=["TEST_NAMESPACE"], folder=HERE
    ) as emulator:
        namespace = emulator.get_kv_namespace("TEST_NAMESPACE")
        namespace.put("count", "1", metadata={"by": "test"}, expiration_ttl=60)
        whole = {"value": "1", "metadata": {"by": "test"}}
        assert namespace.get_with_metadata("count") == {**whole, "cacheStatus": None}
        assert namespace.get(["count", "none"], "json") == {"count": 1, "none": None}
        assert namespace.get_with_metadata(["count", "none"]) == {"count": whole, "none": None}
        assert emulator.dispatch_fetch("http://localhost:8787/").text == "2"
        assert namespace.get("count", "json") == 2
        assert [key["name"] for key in namespace.list(prefix="c")["keys"]] == ["count"]
        namespace.delete("count")
        assert namespace.get("count") is None
        with pytest.raises(KVTypeError, match="Key name cannot be empty"):
            namespace.get("")


async def test_what_the_worker_sees() -> None:
    async with Emulator(
        script=ECHO,
        kv_namespaces={"KV": "an id/ü"},
        vars={"TEXT": 'a "b"\\\n', "JSON": {"a": [1, None]}},
        bindings={"MORE": True},
        folder=HERE,
    ) as emulator:
        response = await emulator.dispatch_fetch(
            "https://shop.example:8443/a%20b/ü?q=ü&r=%2B#part",
            method="post",
            headers={"X-Own": "1"},
            body="bödy",
        )
        assert response.ok
        assert response.headers["Content-Type"] == "application/json"
        assert response.json() == {
            "url": "https://shop.example:8443/a%20b/%C3%BC?q=%C3%BC&r=%2B",
            "method": "POST",
            "host": "shop.example:8443",
            "type": "text/plain;charset=UTF-8",
            "own": "1",
            "body": "bödy",
            "env": {"TEXT": 'a "b"\\\n', "JSON": {"a": [1, None]}, "MORE": True, "KV": "KV"},
        }
        kv = await emulator.get_kv_namespace("KV")
        await kv.put("k", b"\x00\xff")
        request = urllib.request.Request(
            f"{emulator.rest}/accounts/local/storage/kv/namespaces/an%20id%2F%C3%BC/values/k",
            headers={"Authorization": f"Bearer {emulator.token}"},
        )
        assert await asyncio.to_thread(read, request) == b"\x00\xff"


async def test_answers() -> None:
    async with Emulator(script=ECHO, folder=HERE) as emulator:
        data = bytes(range(256)) * 1000
        response = await emulator.dispatch_fetch("http://x.test/bytes", method="PUT", body=data)
        assert response.bytes == data
        moved = await emulator.dispatch_fetch("http://x.test/moved")
        assert (moved.status, moved.headers["location"]) == (302, "http://elsewhere.test/")
        cookies = await emulator.dispatch_fetch("http://x.test/cookies")
        assert cookies.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
        zipped = await emulator.dispatch_fetch("http://x.test/zipped")
        assert zipped.text == "z" * 1000
        host = await emulator.dispatch_fetch("http://x.test/", headers=[("Host", "other.test")])
        assert host.json()["host"] == "other.test"
        assert b"/plain" in await asyncio.to_thread(read, emulator.url + "/plain")
        assert len(gzip.compress(zipped.bytes)) < len(zipped.bytes)


async def test_what_the_worker_says(caplog: pytest.LogCaptureFixture) -> None:
    async with Emulator(script=ECHO, folder=HERE) as emulator:
        response = await emulator.dispatch_fetch("http://x.test/throw")
        assert (response.status, response.text) == (500, "Internal Server Error")
        (event,) = [event for event in emulator.events if event.kind == "exception"]
        assert event.message.startswith("Uncaught (in promise) Error: thrown\n    at ")
        assert "worker.mjs:4:" in event.message
        assert event.message in caplog.text


async def test_the_clock_is_the_tests_own() -> None:
    clock = ManualClock(time.time())
    async with Emulator(
        script=MODULE, kv_namespaces=["TEST_NAMESPACE"], clock=clock, folder=HERE
    ) as emulator:
        namespace = await emulator.get_kv_namespace("TEST_NAMESPACE")
        await namespace.put("count", "1", expiration_ttl=60)
        clock.advance(61)
        assert (await emulator.dispatch_fetch("http://localhost/")).text == "NaN"


async def test_namespaces_alone(tmp_path: Path) -> None:
    async with Emulator(kv_namespaces=["A", "B"], folder=tmp_path) as emulator:
        a, b = [await emulator.get_kv_namespace(name) for name in "AB"]
        await a.put("k", "v")
        assert [await a.get("k"), await b.get("k")] == ["v", None]
        with pytest.raises(WorkerError, match="no Worker is running"):
            await emulator.dispatch_fetch("http://localhost/")
        with pytest.raises(WorkerError, match='binding "C"; there are A and B'):
            await emulator.get_kv_namespace("C")
        await emulator.clear()
        assert await a.get("k") is None


async def test_several_at_once_are_apart() -> None:
    options: dict[str, Any] = {
        "script": MODULE, "kv_namespaces": ["TEST_NAMESPACE"], "folder": HERE}  # fmt: skip
    async with Emulator(**options) as one, Emulator(**options) as other:
        for emulator, count in ((one, "1"), (other, "5")):
            await (await emulator.get_kv_namespace("TEST_NAMESPACE")).put("count", count)
        answers = [await each.dispatch_fetch("http://localhost/") for each in (one, other)]
        assert [answer.text for answer in answers] == ["2", "6"]


async def test_a_store_on_disk_is_kept(tmp_path: Path) -> None:
    for count in ("2", "3"):
        async with Emulator(
            script=MODULE.replace(")) + 1", ') ?? "1") + 1'),
            kv_namespaces=["TEST_NAMESPACE"],
            store=f"wrangler:{tmp_path / 'state'}",
            folder=HERE,
        ) as emulator:
            assert (await emulator.dispatch_fetch("http://localhost/")).text == count


async def test_from_config(tmp_path: Path) -> None:
    files = {
        "wrangler.toml": 'main = "src/w.ts"\nkv_namespaces = [{ binding = "KV", id = "x" }]\n'
        '[vars]\nA = "1"\n[env.test]\nvars = { A = "2" }\n',
        "src/w.ts": 'import { answer } from "./answer";\nexport default { fetch: answer };\n',
        "src/answer.ts": "export const answer = async (_: Request, env: any): Promise<Response> =>\n"
        "  new Response(`${env.A} ${await env.KV?.get('k')}`);\n",
    }
    config = write_project(tmp_path, files) / "wrangler.toml"
    async with Emulator.from_config(config) as emulator:
        await (await emulator.get_kv_namespace("KV")).put("k", "v")
        assert (await emulator.dispatch_fetch("http://localhost/")).text == "1 v"
    async with Emulator.from_config(config, env="test") as emulator:
        assert (await emulator.dispatch_fetch("http://localhost/")).text == "2 undefined"
    with sync.Emulator.from_config(config, env="test") as twin:
        assert twin.dispatch_fetch("http://localhost/").text == "2 undefined"
    assert not (tmp_path / ".wrangler").exists()


async def test_a_script_of_a_path_is_bundled(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {"a.ts": "import b from './b.json';\nexport default { fetch: () => Response.json(b) };",
         "b.json": "[1]"},
    )  # fmt: skip
    async with Emulator(script_path=tmp_path / "a.ts") as emulator:
        assert (await emulator.dispatch_fetch("http://localhost/")).json() == [1]


def status_of(url: str, host: str) -> int:
    """Return the status of the Worker's port for a request with this Host."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", "/", headers={"Host": host})
    status = connection.getresponse().status
    connection.close()
    return status


HOSTS: dict[str, tuple[Any, dict[str, int]]] = {
    # allowed_hosts: the status for each Host
    "none": ((), {"localhost": 200, "app.test": 403}),
    "one": (["App.test"], {"localhost": 200, "app.test": 200, "a.app.test": 403, "x.test": 403}),
    "with subdomains": ([".app.test"], {"app.test": 200, "a.app.test": 200, "x.test": 403}),
    "text alone": ("app.test", {"app.test": 200, "x.test": 403}),
}


@pytest.mark.parametrize(("allowed", "answers"), HOSTS.values(), ids=HOSTS.keys())
async def test_allowed_hosts(allowed: Any, answers: dict[str, int], tmp_path: Path) -> None:
    source = "export default { fetch: () => new Response() };"
    write_project(tmp_path, {"w.js": source, "wrangler.toml": 'name = "w"\nmain = "w.js"\n'})
    config = tmp_path / "wrangler.toml"
    for made in (
        Emulator(script=source, folder=HERE, allowed_hosts=allowed),
        Emulator.from_config(config, allowed_hosts=allowed),
    ):
        async with made as emulator:
            for host, status in answers.items():
                assert await asyncio.to_thread(status_of, emulator.url, host) == status
            seen = (await emulator.dispatch_fetch("http://other.test/")).status
            assert seen == 200  # this program itself may use any host
    with sync.Emulator.from_config(config, allowed_hosts=allowed) as twin:
        assert {host: status_of(twin.url, host) for host in answers} == answers


async def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="Uncaught SyntaxError"):
        await Emulator(script="export default {", folder=HERE).start()
    with pytest.raises(BuildError, match="there is no such file"):
        await Emulator(script_path=HERE / "nothing.js").start()
    with pytest.raises(WorkerError, match='use "async with", or start'):
        await Emulator(script=MODULE, folder=HERE).dispatch_fetch("http://localhost/")
    with pytest.raises(ValueError, match="not both"):
        Emulator(script="", script_path="")
    with pytest.raises(ValueError, match='"app test" is not a host name'):
        Emulator(allowed_hosts=["app test"])
    async with Emulator(script=ECHO, folder=HERE) as emulator:
        with pytest.raises(ValueError, match="not a complete URL"):
            await emulator.dispatch_fetch("/path")
    with pytest.raises(WorkerError, match="there are none"), sync.Emulator() as twin:
        twin.get_kv_namespace("KV")
    with (
        pytest.raises(StartError, match="no_such_flag"),
        sync.Emulator(script=MODULE, compatibility_flags=["no_such_flag"], folder=HERE),
    ):
        pass


@pytest.mark.parametrize(
    ("date", "flags", "warned"),
    [("2099-01-01", [], True), ("2023-05-01", [], False), (None, ["nodejs_compat"], False)],
)
async def test_compatibility(date: str | None, flags: list[str], warned: bool) -> None:
    async with Emulator(
        script=ECHO, compatibility_date=date, compatibility_flags=flags, folder=HERE
    ) as emulator:
        assert (await emulator.dispatch_fetch("http://localhost/")).ok
        assert any("compatibility_date" in event.message for event in emulator.events) == warned


def test_the_command_does_not_load_it() -> None:
    code = (
        "import sys, kvlens; loaded = set(sys.modules); assert 'kvlens.api' not in loaded; "
        "kvlens.Emulator; assert 'kvlens.api' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert set(kvlens.__all__) >= {"Emulator", "KVNamespace", "Response", "WorkerError"}
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        kvlens.Nothing  # noqa: B018
