"""Write the config for one run of workerd, and the files it embeds, into one folder.

Names that begin with `kvlens:` are ours.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kvlens import files
from kvlens.worker import capnp
from kvlens.worker.script import Script

SERVICE = "main"
"""The Worker's service. Stack traces of service workers name it instead of a file."""

OURS = "kvlens:"
PUBLIC, DISPATCH = "public", "dispatch"
"""The sockets: one for clients, and one that takes whole URLs in its request lines.

No web page can reach them: they are files in our own folder. If workerd has no such sockets
(Windows), they are ports, and a Worker in front of the user's requires a key.
"""
KEY_HEADER = "KVLens-Key"
LARGEST_BLOB = 64 * 1024 * 1024  # bytes; the limit of a Worker

_BINDING = f"{OURS}binding"
_CACHE = f"{OURS}cache"
_DOOR = f"{OURS}door"
_CONFIG = "config.capnp"
_USE_STRICT = re.compile(r"""\s*(?:"use strict"|'use strict')""")

# caches.default, which workerd lacks: it accepts everything and stores nothing.
_NO_CACHE = """\
export default {
  async fetch(request) {
    await request.arrayBuffer();
    if (request.method === "PUT") return new Response(null, { status: 204 });
    const status = request.method === "PURGE" ? 404 : 504;
    return new Response(null, { status, headers: { "CF-Cache-Status": "MISS" } });
  },
};
"""

# A service worker's console goes to the runtime's log, which loses levels and stacks.
_CONSOLE = """\
for (const level of ["debug", "error", "info", "log", "warn"]) {
  const write = console[level].bind(console);
  const show = (value) => (value instanceof Error ? String(value.stack) : value);
  console[level] = (...values) => write("\\u0000" + level, ...values.map(show));
}
"""


# Checks the key of requests if the sockets are ports.
_ASKS_FOR_KEY = """\
export default {
  async fetch(request, env) {
    const headers = new Headers(request.headers);
    if (headers.get(env.HEADER) !== env.KEY) return new Response(null, { status: 403 });
    headers.delete(env.HEADER);
    return env.MAIN.fetch(new Request(request, { headers }));
  },
};
"""


@dataclass(frozen=True)
class Plan:
    """One Worker and everything that it can reach."""

    script: Script
    compatibility_date: str
    compatibility_flags: tuple[str, ...] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """Binding -> the namespace's id at the emulator."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    blobs: Mapping[str, tuple[str, Path]] = field(default_factory=dict)
    kv_address: str = ""
    """The emulator's address, in workerd's form: host:port or unix:/path."""
    token: str = ""
    key: str = ""
    """The required value of `KEY_HEADER`; empty for Unix sockets."""
    strict: bool = True
    """Whether Miniflare 2's rules are checked in the isolate too."""
    structured: bool = True
    """Whether workerd logs JSON; versions before 2025 can't."""


@dataclass(frozen=True)
class WrittenConfig:
    """A config on disk, and the number of lines that were put before a service worker."""

    config: Path
    lines_before: int = 0
    sockets: Mapping[str, Path] = field(default_factory=dict)
    """The paths of Unix sockets, by name."""


def write(plan: Plan, folder: Path) -> WrittenConfig:
    """Write the config and the files it embeds into `folder`, which must be empty."""
    worker: dict[str, capnp.Value] = {}
    lines_before = 0
    if plan.script.service_worker:
        prelude = _prelude(plan)
        text = plan.script.modules[0].content.decode("utf-8", "replace")
        if _USE_STRICT.match(text):
            prelude = '"use strict";' + prelude
        lines_before = prelude.count("\n")
        (folder / "worker.js").write_text(prelude + text, encoding="utf-8", newline="")
        worker["serviceWorkerScript"] = capnp.embed("worker.js")
    else:
        modules: list[capnp.Value] = []
        for number, module in enumerate(plan.script.modules):
            file = f"module{number}"
            (folder / file).write_bytes(module.content)
            modules.append({"name": module.name, module.kind: capnp.embed(file)})
        worker["modules"] = modules
    worker["compatibilityDate"] = plan.compatibility_date
    worker["compatibilityFlags"] = list(plan.compatibility_flags)
    worker["bindings"] = _bindings(plan, folder)
    worker["cacheApiOutbound"] = _CACHE
    (folder / "cache.js").write_text(_NO_CACHE, encoding="utf-8")
    cache: capnp.Value = {
        "modules": [{"name": "cache.js", "esModule": capnp.embed("cache.js")}],
        "compatibilityDate": "2023-01-01",
    }
    services: list[capnp.Value] = [
        {"name": SERVICE, "worker": worker},
        {"name": _CACHE, "worker": cache},
        {
            "name": "internet",  # as in wrangler dev, including other servers on this machine
            "network": {
                "allow": ["public", "private"],
                "deny": [],
                "tlsOptions": {"trustBrowserCas": True},
            },
        },
        *(_namespace(plan, number) for number in range(len(plan.namespaces))),
    ]
    places = {} if plan.key else {name: folder / name for name in (PUBLIC, DISPATCH)}
    addresses = {name: f"unix:{path}" for name, path in places.items()}
    if plan.key:
        services.append(_key_check(plan, folder))
    service = _DOOR if plan.key else SERVICE
    sockets: list[capnp.Value] = [
        {
            "name": name,
            "address": addresses.get(name, "127.0.0.1:0"),
            "http": {"style": capnp.Raw("proxy")} if name == DISPATCH else {},
            "service": service,
        }
        for name in (PUBLIC, DISPATCH)
    ]
    more: dict[str, capnp.Value] = {"structuredLogging": True} if plan.structured else {}
    if plan.namespaces and not plan.script.service_worker:
        given = "strict(env.inner)" if plan.strict else "env.inner"
        text = f"{_inside(plan)}\nexport default (env) => {given};\n"
        (folder / "binding.js").write_text(text, encoding="utf-8")
        inside: capnp.Value = {
            "name": _BINDING,
            "internal": True,
            "esModule": capnp.embed("binding.js"),
        }
        more["extensions"] = [{"modules": [inside]}]
    config = folder / _CONFIG
    config.write_text(capnp.document(services, sockets, **more), encoding="utf-8")
    return WrittenConfig(config, lines_before, places)


def _key_check(plan: Plan, folder: Path) -> capnp.Value:
    (folder / "key-check.js").write_text(_ASKS_FOR_KEY, encoding="utf-8")
    worker: capnp.Value = {
        "modules": [{"name": "key-check.js", "esModule": capnp.embed("key-check.js")}],
        "compatibilityDate": "2023-01-01",
        "bindings": [
            {"name": "MAIN", "service": SERVICE},
            {"name": "HEADER", "text": KEY_HEADER},
            {"name": "KEY", "text": plan.key},
        ],
    }
    return {"name": _DOOR, "worker": worker}


def _namespace(plan: Plan, number: int) -> capnp.Value:
    headers: list[capnp.Value] = [
        {"name": "Authorization", "value": f"Bearer {plan.token}"},
        {"name": "X-KV-NS", "value": list(plan.namespaces.values())[number]},
    ]
    external: capnp.Value = {"address": plan.kv_address, "http": {"injectRequestHeaders": headers}}
    return {"name": f"{OURS}kv{number}", "external": external}


def _bindings(plan: Plan, folder: Path) -> list[capnp.Value]:
    found: list[capnp.Value] = []
    for number, binding in enumerate(plan.namespaces):
        service = f"{OURS}kv{number}"
        if plan.script.service_worker:
            found.append({"name": binding, "kvNamespace": service})
            continue
        wrapped: capnp.Value = {
            "moduleName": _BINDING,
            "innerBindings": [{"name": "inner", "kvNamespace": service}],
        }
        found.append({"name": binding, "wrapped": wrapped})
    for name, value in plan.variables.items():
        if name in plan.namespaces:
            continue
        if isinstance(value, str):
            found.append({"name": name, "text": value})
        else:
            found.append({"name": name, "json": json.dumps(_finite(value), default=str)})
    for number, (name, (kind, path)) in enumerate(plan.blobs.items()):
        file = f"blob{number}"
        (folder / file).write_bytes(files.read_bytes(path, LARGEST_BLOB))
        key = {"wasm": "wasmModule", "text": "text", "data": "data"}[kind]
        found.append({"name": name, key: capnp.embed(file)})
    return found


def _inside(plan: Plan) -> str:
    """Return the code that runs in the isolate before the Worker."""
    names = ["rejections.js", *(["strict.js"] if plan.strict else [])]
    return "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)


def _prelude(plan: Plan) -> str:
    """Return the code that runs before a service worker, which can't have wrapped bindings."""
    names = json.dumps(list(plan.namespaces))
    ruled = f"for (const name of {names}) strict(globalThis[name]);\n" if plan.strict else ""
    return f"(() => {{\n{_CONSOLE}{_inside(plan)}{ruled}}})();\n"


def _finite(value: Any) -> Any:
    """Return a value that JSON can represent: NaN and infinity are null, as in JavaScript."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list) else value
