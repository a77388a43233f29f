// What wrangler gives a Worker from .dev.vars, .env and the shell: cases in, variables out, as JSON.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { unstable_getVarsForDev } from "wrangler";

const found = [];
for (const { files, vars, environment, secrets, shell } of JSON.parse(fs.readFileSync(0))) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kvlens-dotenv-"));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
  const before = { ...process.env };
  Object.assign(process.env, shell);
  const config = path.join(folder, "wrangler.json");
  const given = unstable_getVarsForDev(config, undefined, vars, environment, true, secrets);
  process.env = before;
  fs.rmSync(folder, { recursive: true });
  found.push(Object.fromEntries(Object.entries(given).map(([name, { value }]) => [name, value])));
}
console.log(JSON.stringify(found));
