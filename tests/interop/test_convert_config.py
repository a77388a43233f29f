"""The real wrangler reads a converted config, and deploys the same from it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from kvlens.operations.convert_config import Language, convert_config

from scripts.toolchain import INTEROP_TREE, node

WRANGLER = INTEROP_TREE / "node_modules" / "wrangler" / "bin" / "wrangler.js"
CONFIG = """\
# the shop
name = "shop"
main = "index.js" # the Worker
compatibility_date = "2026-01-01"
observability.logs = { enabled = true, head_sampling_rate = 0.5 }

[[kv_namespaces]]
binding = "A"
id = "0f2ac74b498b48028cb68387c421e279"
remote = false

[[d1_databases]]
binding = "DB"
database_name = "d"
database_id = "1"

[[queues.producers]]
binding = "Q"
queue = "q"

[[queues.consumers]]
queue = "q"
max_batch_size = 5

[[services]]
binding = "S"
service = "other"

[[durable_objects.bindings]]
name = "O"
class_name = "Other"
script_name = "other"

[vars]
T = "t"
J = { a = [1, true] }

[ai]
binding = "AI"

[triggers]
crons = ["* * * * *"]

[[routes]]
pattern = "a.com/*"
zone_name = "a.com"

[[ratelimits]]
name = "R"
namespace_id = "1001"
simple = { limit = 1, period = 60 }

[exports.Local]
type = "durable-object"
storage = "sqlite"
container = "shop-app"

[exports.Old]
type = "durable-object"
state = "renamed"
renamed_to = "Local"

[[containers]]
name = "shop-app"
image = "registry.cloudflare.com/shop/app:1"
max_instances = 3
rollout_kind = "full_manual"
instance_type = { memory_mib = 4096, vcpu = 1, disk_mb = 4000 }

[unsafe]
bindings = [{ name = "U", type = "new_kind", more_of = 1 }]
metadata = { more_of = 1 }

[env.staging]
exports = {}
vars = { T = "s" }
kv_namespaces = [{ binding = "A", id = "1f2ac74b498b48028cb68387c421e279" }]
"""
WORKER = """\
import { DurableObject } from "cloudflare:workers";
export class Local extends DurableObject {}
export default { fetch() {} };
"""
MODULES = {
    # what `cf/config` exports to a config
    "package.json": json.dumps({"type": "module", "exports": {"./config": "./config.js"}}),
    "config.js": "export const defineConfig = (config) => config;\n"
    'export const bindings = { kv: (about) => ({ type: "kv", ...about }) };\n',
}


def deployed(folder: Path, text: str, name: str, environment: str) -> list[str]:
    """Return what a dry run of `wrangler deploy` says of the bindings."""
    (folder / "node_modules" / "cf").mkdir(parents=True)
    for file, content in MODULES.items():
        (folder / "node_modules" / "cf" / file).write_text(content, "utf-8")
    (folder / "index.js").write_text(WORKER, "utf-8")
    (folder / name).write_text(text, "utf-8")
    new = ["--experimental-new-config"] if name.endswith(".ts") else []
    done = subprocess.run(
        [node(), str(WRANGLER), "deploy", "--dry-run", "--env", environment, *new],
        cwd=folder,
        env={**os.environ, "WRANGLER_SEND_METRICS": "false", "CI": "1"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr + done.stdout
    said = ("env.", "- shop-app", '  "more_of"')
    return sorted(line.rstrip() for line in done.stdout.splitlines() if line.startswith(said))


@pytest.mark.parametrize("environment", ["", "staging"], ids=["top level", "staging"])
@pytest.mark.parametrize("to, name", [("jsonc", "wrangler.jsonc"), ("ts", "cloudflare.config.ts")])
def test_wrangler_deploys_the_same(
    tmp_path: Path, to: Language, name: str, environment: str
) -> None:
    done = convert_config(CONFIG, "wrangler.toml", to)
    assert done.notices == []
    before = deployed(tmp_path / "before", CONFIG, "wrangler.toml", environment)
    assert len(before) == (2 if environment else 12)
    assert deployed(tmp_path / "after", done.text, name, environment) == before
