"""The real workerd and the real Miniflare, started for a test, with a Worker that calls KV."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

from kvlens import sync
from kvlens.emulator.server import Emulator
from kvlens.kv.coerce import UNSET
from kvlens.kv.errors import KVError, KVSyntaxError, KVTypeError
from kvlens.kv.limits import CompatName
from kvlens.kv.values import ValueStream
from kvlens.stores.registry import open_store

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WORKERS = HERE / "workers"
COMPATIBILITY_DATE = "2026-04-01"


def node() -> str:
    """Return the Node that the project's setup selected, else the one on PATH."""
    chosen = shutil.which("node", path=str(ROOT / ".venv" / "node-bin")) or shutil.which("node")
    assert chosen, "Node is missing: run make setup"
    return chosen


def workerd(of: str = ".") -> str:
    """Return workerd's own program inside its npm package, or inside that of another package."""
    script = f"console.log(require(require.resolve('workerd', {{paths: ['{of}']}})).default)"
    found = subprocess.run(
        [node(), "-e", script], cwd=HERE, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, f"tests/interop is not installed: run make setup\n{found.stderr}"
    return found.stdout.strip()


class Caller:
    """Makes KV calls for a test."""

    def calls(self, *calls: Sequence[Any], together: bool = False) -> list[Any]:
        """Run KV calls, each [binding, method, *arguments]; a raised error is `Thrown`."""
        raise NotImplementedError

    def call(self, *call: Any) -> Any:
        """Run one KV call."""
        (result,) = self.calls(call)
        return result


class Server(Caller):
    """A Worker that makes KV calls; `url` is its address."""

    url: str

    def calls(self, *calls: Sequence[Any], together: bool = False) -> list[Any]:
        """Run KV calls, each [binding, method, *arguments]; a raised error is `Thrown`."""
        body = json.dumps({"calls": calls, "together": together}, default=_pack).encode()
        request = urllib.request.Request(self.url, body)
        with urllib.request.urlopen(request, timeout=60) as response:
            return [_result(item) for item in json.load(response)]


class Runtime(Server):
    """A process that serves a Worker until its input closes or it is stopped."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        folder: Path = HERE,
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **(environment or {})},
        )
        self.errors: list[str] = []
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        assert self._process.stdout is not None
        self.url = ""
        while not self.url:
            line = self._process.stdout.readline()
            assert line, "".join(self.errors) or "the runtime ended without a word"
            self.url = self.address(line.strip())
        threading.Thread(target=self._process.stdout.read, daemon=True).start()

    @property
    def pid(self) -> int:
        """The process that was started, which may have started others."""
        return self._process.pid

    def address(self, line: str) -> str:
        """Return the URL in this line, or nothing."""
        return line

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.errors.append(line)

    def repeat(self, **what: Any) -> float:
        """Make one call many times in the Worker (see calls.mjs); return the seconds it took."""
        body = json.dumps({"repeated": what}).encode()
        began = time.perf_counter()
        with urllib.request.urlopen(urllib.request.Request(self.url, body), timeout=120) as answer:
            answer.read()
        return time.perf_counter() - began

    def stop(self) -> None:
        """End the process and wait for it."""
        if isinstance(self, (Workerd, WranglerDev)):
            self._process.terminate()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


class Workerd(Runtime):
    """workerd with KV bindings at an emulator: binding -> store id."""

    def __init__(
        self,
        folder: Path,
        emulator: str,
        token: str,
        bindings: Mapping[str, str],
        *,
        service_worker: bool = False,
        program: str | None = None,
    ) -> None:
        config = folder / "config.capnp"
        for source in WORKERS.iterdir():
            shutil.copy(source, folder)
        config.write_text(
            _config(emulator.removeprefix("http://"), token, bindings, service_worker),
            encoding="utf-8",
        )
        command = [program or workerd(), "serve", str(config), "--control-fd=1", "--experimental"]
        super().__init__(command)

    def address(self, line: str) -> str:
        return f"http://127.0.0.1:{json.loads(line)['port']}/"


class Miniflare(Runtime):
    """Miniflare with namespaces KV0, KV1, … for the ids, persisted in `state`."""

    def __init__(self, state: Path, *ids: str) -> None:
        super().__init__([node(), str(HERE / "miniflare.mjs"), str(state), *ids])


class Miniflare4(Runtime):
    """Miniflare 4, the same way."""

    def __init__(self, state: Path, *ids: str) -> None:
        super().__init__([node(), str(HERE / "miniflare4.mjs"), str(state), *ids])


class Ours(Server):
    """Our emulator and the Worker on workerd, as in `kvlens dev`."""

    def __init__(
        self, folder: Path, bindings: Mapping[str, str], compat: CompatName, store: str = "memory:"
    ) -> None:
        shutil.copy(WORKERS / "calls.mjs", folder)
        entry = folder / "entry.mjs"
        entry.write_text(
            'import { answer } from "./calls.mjs";\nexport default { fetch: answer };\n', "utf-8"
        )
        self.emulator = sync.Emulator(
            script_path=entry,
            folder=HERE,
            kv_namespaces=bindings,
            compat=compat,
            store=store,
            compatibility_date=COMPATIBILITY_DATE,
        )
        self.emulator.start()
        self.url = self.emulator.url
        self.python = InPython(self.emulator)

    def stop(self) -> None:
        """End it."""
        self.emulator.close()


class InPython(Caller):
    """The namespace object of the Python API, called like a Worker's."""

    def __init__(self, emulator: sync.Emulator) -> None:
        self._emulator = emulator

    def calls(self, *calls: Sequence[Any], together: bool = False) -> list[Any]:
        """Run KV calls, each [binding, method, *arguments]; a raised error is `Thrown`."""
        assert not together
        return [self._one(*call) for call in calls]

    def _one(self, binding: str, method: str, *given: Any) -> Any:
        namespace = self._emulator.get_kv_namespace(binding)
        arguments = [_python(argument) for argument in given]
        options: dict[str, Any] = {}
        if method == "list" or (method == "put" and len(arguments) == 3):
            last = arguments.pop() if arguments else None
            if isinstance(last, dict):
                options = {_OPTIONS.get(str(name), str(name)): last[name] for name in last}
        if method == "delete":
            del arguments[1:]  # which JavaScript ignores
        function = {"getWithMetadata": "get_with_metadata"}.get(method, method)
        try:
            result = getattr(namespace, function)(*arguments, **options)
        except KVError as error:
            kinds = {KVError: "Error", KVTypeError: "TypeError", KVSyntaxError: "SyntaxError"}
            return Thrown((kinds[type(error)], str(error)))
        if isinstance(result, dict) and isinstance(result.get("value"), ValueStream):
            result["value"] = result["value"].read()
        return result.read() if isinstance(result, ValueStream) else result


_OPTIONS = {"expirationTtl": "expiration_ttl"}
_PYTHON: dict[str, Callable[[Any], Any]] = {
    "$bytes": base64.b64decode,
    "$buffer": base64.b64decode,
    "$stream": lambda text: iter([base64.b64decode(text)]),
    "$zeros": bytes,
    "$zeroStream": lambda size: (bytes(min(65536, size - at)) for at in range(0, size, 65536)),
    "$undefined": lambda _: UNSET,
    "$number": float,
    "$map": dict,
    "$date": lambda time: datetime.fromtimestamp(time / 1000, timezone.utc),
    "$text": lambda units: "".join(map(chr, units)),
    "$bigint": int,
    "$repeat": lambda given: given[0] * given[1],
    "$now": lambda seconds: int(time.time()) + seconds,
}


def _python(value: Any) -> Any:
    """Return the Python argument for the value that calls.mjs revives in a Worker."""
    if isinstance(value, list):
        return [_python(item) for item in value]
    if not isinstance(value, dict):
        return value
    for name, make in _PYTHON.items():
        if name in value:
            return make(value[name])
    return {name: _python(item) for name, item in value.items()}


class WranglerDev(Runtime):
    """`wrangler dev` of a project in `folder`, with its one namespace `KV0`."""

    def __init__(self, folder: Path, ns: str) -> None:
        for source in WORKERS.glob("*.mjs"):
            # wrangler's bundler treats a bare name as a package
            text = source.read_text(encoding="utf-8").replace('"calls.mjs"', '"./calls.mjs"')
            (folder / source.name).write_text(text, encoding="utf-8")
        (folder / "wrangler.toml").write_text(
            f'name = "shared"\nmain = "module.mjs"\n'
            f'compatibility_date = "{COMPATIBILITY_DATE}"\n'
            f'kv_namespaces = [{{ binding = "KV0", id = "{ns}" }}]\n',
            encoding="utf-8",
        )
        home = str(folder / "home")
        super().__init__(
            [
                *(node(), str(HERE / "node_modules/wrangler/bin/wrangler.js"), "dev"),
                *("--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"),
            ],
            {
                "HOME": home,
                "XDG_CONFIG_HOME": home,
                "WRANGLER_SEND_METRICS": "false",
                "NO_COLOR": "1",
                "CI": "1",
            },
            folder,
        )

    def address(self, line: str) -> str:
        found = re.search(r"Ready on (http://127\.0\.0\.1:\d+)", line)
        return f"{found[1]}/" if found else ""


class Thrown(tuple[str, str]):
    """What a call threw: (kind, message)."""

    __slots__ = ()


def _config(address: str, token: str, bindings: Mapping[str, str], service_worker: bool) -> str:
    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    services = ['(name = "main", worker = .main)']
    bound = []
    for number, (binding, ns) in enumerate(bindings.items()):
        headers = (
            f'(name = "Authorization", value = {text(f"Bearer {token}")}), '
            f'(name = "X-KV-NS", value = {text(ns)})'
        )
        services.append(
            f'(name = "kv{number}", external = (address = {text(address)}, '
            f"http = (injectRequestHeaders = [{headers}])))"
        )
        bound.append(f'(name = {text(binding)}, kvNamespace = "kv{number}")')
    if service_worker:
        source = 'serviceWorkerScript = embed "service-worker.js"'
    else:
        source = (
            'modules = [(name = "module.mjs", esModule = embed "module.mjs"), '
            '(name = "calls.mjs", esModule = embed "calls.mjs")]'
        )
    return f"""using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [{", ".join(services)}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  {source},
  compatibilityDate = "{COMPATIBILITY_DATE}",
  bindings = [{", ".join(bound)}],
);
"""


def _pack(value: object) -> object:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(type(value))


def _result(item: dict[str, Any]) -> Any:
    if "error" in item:
        return Thrown((item["kind"], item["error"]))
    return _unpack(item["value"])


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value or "$stream" in value:
        return base64.b64decode(value.get("$bytes") or value.get("$stream") or "")
    if "$map" in value:
        return {key: _unpack(item) for key, item in value["$map"]}
    if "$undefined" in value:
        return None
    return {key: _unpack(item) for key, item in value.items()}


class Serving:
    """An emulator on a separate thread: the test can wait for other programs.

    with Serving("memory:", folder, {"id": "KV"}) as emulator: ...
    """

    def __init__(
        self,
        store: str,
        folder: Path,
        namespaces: Mapping[str, str],
        compat: CompatName = "workerd",
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.store = open_store(store, folder)
        self.emulator = Emulator(self.store, namespaces, compat=compat)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on the emulator's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def __enter__(self) -> Serving:
        self._thread.start()
        self.run(self.emulator.start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self.emulator.close())
        self.run(self.store.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
