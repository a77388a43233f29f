// The older syntax: bindings are globals.

addEventListener("fetch", (event) => event.respondWith(count()));

async function count() {
  const { value, metadata } = await KV.getWithMetadata("count", "json");
  const next = { count: (value ?? 0) + 1, before: metadata };
  await KV.put("count", String(next.count), { metadata: { counted: next.count } });
  const { keys } = await KV.list({ prefix: "c" });
  return Response.json({ ...next, keys });
}
