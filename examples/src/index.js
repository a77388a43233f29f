// The tea house: a page that reads its features from one KV namespace and knows its visitors
// from another.
//
//   SESSIONS       session:ID -> {"user", "visits"}, gone a day after the last visit
//                  avatar:USER -> a picture; its metadata has the type
//   FEATURE_FLAGS  flag:NAME -> {"enabled", "rollout"?}; its metadata says whose it is
//                  banner, theme -> text

const DAY = 24 * 60 * 60;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return home(request, env);
    if (pathname === "/flags") return Response.json(await readFlags(env));
    if (pathname.startsWith("/avatar/")) return avatar(env, pathname.slice("/avatar/".length));
    return new Response("There is no such page.\n", { status: 404 });
  },
};

async function home(request, env) {
  const { id, session } = await visit(request, env);
  const [flags, banner, theme] = await Promise.all([
    readFlags(env),
    env.FEATURE_FLAGS.get("banner"),
    env.FEATURE_FLAGS.get("theme"),
  ]);
  return new Response(page({ shop: env.SHOP_NAME, session, flags, banner, theme }), {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Set-Cookie": `session=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${DAY}`,
    },
  });
}

// Count a visit: nearly, as KV isn't atomic. A browser without a cookie is Ada, who is in seeds/.
async function visit(request, env) {
  const cookie = request.headers.get("Cookie") ?? "";
  const id = /\bsession=([\w-]+)/.exec(cookie)?.[1] ?? "ada-4f1c";
  const key = `session:${id}`;
  const session = (await env.SESSIONS.get(key, "json")) ?? { user: "guest", visits: 0 };
  session.visits += 1;
  await env.SESSIONS.put(key, JSON.stringify(session), {
    expirationTtl: DAY,
    metadata: { user: session.user, seen: new Date().toISOString() },
  });
  return { id, session };
}

async function readFlags(env) {
  const flags = {};
  let cursor;
  do {
    const page = await env.FEATURE_FLAGS.list({ prefix: "flag:", cursor });
    for (const { name, metadata } of page.keys) {
      const flag = await env.FEATURE_FLAGS.get(name, "json");
      if (flag) flags[name.slice("flag:".length)] = { ...flag, ...metadata };
    }
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor);
  return flags;
}

async function avatar(env, user) {
  const key = `avatar:${user}`;
  const { value, metadata } = await env.SESSIONS.getWithMetadata(key, "arrayBuffer");
  if (!value) return new Response("Nobody is here.\n", { status: 404 });
  return new Response(value, { headers: { "Content-Type": metadata?.type ?? "image/png" } });
}

function page({ shop, session, flags, banner, theme }) {
  const rows = Object.entries(flags).map(
    ([name, { enabled, rollout = 100, owner }]) => `
      <tr class="${enabled ? "on" : "off"}">
        <td>${escape(name)}</td>
        <td>${enabled ? `on for ${rollout} %` : "off"}</td>
        <td>${escape(owner ?? "")}</td>
      </tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(shop)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem;
         color: #2b2a27; background: ${theme === "matcha" ? "#f3f7ec" : "#fbf6ef"}; }
  header { display: flex; gap: 1rem; align-items: center; }
  table { width: 100%; border-collapse: collapse; }
  td, th { text-align: left; padding: .35rem .5rem; border-bottom: 1px solid #0002; }
  .off { opacity: .5; }
  .banner { padding: .5rem 1rem; border-left: 4px solid #5a8f5a; background: #fff8; }
</style>
<header>
  <img src="/avatar/${encodeURIComponent(session.user)}" alt="" width="48" height="48">
  <h1>${escape(shop)}</h1>
</header>
${banner ? `<p class="banner">${escape(banner)}</p>` : ""}
<p>Welcome, ${escape(session.user)}. This is visit ${session.visits}.</p>
<table>
  <tr><th>Feature</th><th>State</th><th>Team</th></tr>${rows.join("")}
</table>
</html>
`;
}

function escape(text) {
  const named = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(text).replace(/[&<>"]/g, (character) => named[character]);
}
