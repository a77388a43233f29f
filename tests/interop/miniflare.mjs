// Runs workers/calls.mjs in Miniflare with persisted namespaces; ends when its input does.
// node miniflare.mjs STATE ID… : the first line it prints is its address.

import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const [state, ...ids] = process.argv.slice(2);
const esm = (name) => ({
  type: "esm",
  contents: readFileSync(new URL(`workers/${name}`, import.meta.url), "utf8"),
});
const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  resourcePersistencePath: state,
  workers: [
    {
      config: {
        name: "calls",
        compatibilityDate: "2026-04-01",
        manifest: {
          mainModule: "module.mjs",
          modules: { "module.mjs": esm("module.mjs"), "calls.mjs": esm("calls.mjs") },
        },
        env: Object.fromEntries(ids.map((id, index) => [`KV${index}`, { type: "kv", id }])),
      },
    },
  ],
});
console.log((await miniflare.ready).href);
process.stdin.resume();
process.stdin.on("end", async () => {
  await miniflare.dispose();
  process.exit(0);
});
