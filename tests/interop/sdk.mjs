// Does everything that the official JavaScript client can do with KV; prints the answers.
// node sdk.mjs BASE_URL TOKEN

import Cloudflare from "cloudflare";

const [baseURL, apiToken] = process.argv.slice(2);
const client = new Cloudflare({ baseURL, apiToken, maxRetries: 0 });
const kv = client.kv.namespaces;
const account = { account_id: "local" };
const answers = {};

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

const { id } = await kv.create({ ...account, title: "SDK" });
const at = { ...account, namespace_id: id };
answers.created = (await kv.get(id, account)).title;
answers.updated = (await kv.update(id, { ...account, title: "SDK 2" })).title;
answers.namespaces = (await all(kv.list({ ...account, per_page: 1, order: "title" }))).map(
  (item) => item.title,
);

await kv.values.update("a/ü ?#%", {
  ...at,
  value: "text",
  metadata: JSON.stringify({ n: 1 }),
  expiration_ttl: 100,
});
await kv.values.update("binary", { ...at, value: new File([new Uint8Array([0, 255, 13, 10])], "b") });
answers.value = await (await kv.values.get("a/ü ?#%", at)).text();
answers.binary = [...new Uint8Array(await (await kv.values.get("binary", at)).arrayBuffer())];
answers.expires = (await kv.values.get("a/ü ?#%", at)).headers.has("expiration");
answers.metadata = await kv.metadata.get("a/ü ?#%", at);

const items = Array.from({ length: 2500 }, (_, n) => ({ key: `k${n}`, value: `${n}` }));
answers.bulk = await kv.bulkUpdate(id, { ...account, body: items });
answers.keys = (await all(kv.keys.list(id, { ...account, prefix: "k", limit: 1000 }))).length;
answers.many = await kv.bulkGet(id, { ...account, keys: ["k1", "none"] });
answers.many2 = await kv.bulkGet(id, { ...account, keys: ["k1", "none"], type: "json", withMetadata: true });
answers.deleted = await kv.bulkDelete(id, { ...account, body: items.map((item) => item.key) });
await kv.values.delete("binary", at);
answers.left = (await all(kv.keys.list(id, account))).map((item) => item.name);

answers.errors = [];
for (const call of [
  () => kv.values.get("none", at),
  () => kv.metadata.get("none", at),
  () => kv.get("nowhere", account),
  () => kv.values.update("k", { ...at, value: "v", expiration_ttl: 5 }),
  () => kv.values.update("k".repeat(513), { ...at, value: "v" }),
  () => kv.create({ ...account, title: "SDK 2" }),
  () => kv.bulkUpdate(id, { ...account, body: [{ key: "ok", value: "v" }, { key: "", value: "v" }] }),
  () => kv.bulkGet(id, { ...account, keys: [] }),
]) {
  try {
    await call();
    answers.errors.push("no error");
  } catch (error) {
    answers.errors.push([error.status, error.errors?.[0]?.code, error.errors?.[0]?.message]);
  }
}
await kv.delete(id, account);
answers.gone = (await all(kv.list(account))).map((item) => item.title);
console.log(JSON.stringify(answers));
