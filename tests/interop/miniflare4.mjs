// The same as miniflare.mjs with Miniflare 4: the version that most projects have.

import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare-4";

const [state, ...ids] = process.argv.slice(2);
const source = (name) => readFileSync(new URL(`workers/${name}`, import.meta.url), "utf8");
const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  modules: ["module.mjs", "calls.mjs"].map((name) => ({
    type: "ESModule",
    path: name,
    contents: source(name),
  })),
  compatibilityDate: "2026-04-01",
  kvPersist: `${state}/kv`,
  kvNamespaces: Object.fromEntries(ids.map((id, index) => [`KV${index}`, id])),
});
console.log((await miniflare.ready).href);
process.stdin.resume();
process.stdin.on("end", async () => {
  await miniflare.dispose();
  process.exit(0);
});
