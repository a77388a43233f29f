// taplo's language server in Node, set up as the Even Better TOML extension sets it up: the
// WebAssembly module starts with the first message. The extension and its server speak over
// Node's IPC channel; here they speak over standard input and output, as all servers measured do.

const fs = require("node:fs");
const path = require("node:path");
const { TaploLsp } = require("@taplo/lsp");

const environment = {
  cwd: () => process.cwd(),
  envVar: (name) => process.env[name],
  envVars: () => Object.entries(process.env),
  findConfigFile: (folder) =>
    [".taplo.toml", "taplo.toml"].map((name) => path.join(folder, name)).find(fs.existsSync),
  glob: (pattern) => fs.globSync(pattern),
  isAbsolute: path.isAbsolute,
  isWindows: () => process.platform === "win32",
  now: () => new Date(),
  readFile: (file) => fs.promises.readFile(file),
  writeFile: (file, bytes) => fs.promises.writeFile(file, bytes),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  stdErrAtty: () => Boolean(process.stderr.isTTY),
  urlToFilePath: (url) => {
    const file = decodeURIComponent(url).slice("file://".length);
    return process.platform === "win32" ? file.replace(/^\//, "") : file;
  },
};

// Before it has read its settings, taplo asks for a catalog of schemas; no network may slow it.
globalThis.fetch = async () => {
  throw new TypeError("the benchmark runs without a network");
};

function send(message) {
  const body = Buffer.from(JSON.stringify(message));
  process.stdout.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
}

let server;
async function handle(message) {
  if (message.method === "exit") process.exit(0);
  server ??= await TaploLsp.initialize(environment, { onMessage: send });
  server.send(message);
}

let received = Buffer.alloc(0);
let handled = Promise.resolve();
process.stdin.on("data", (data) => {
  received = Buffer.concat([received, data]);
  for (;;) {
    const start = received.indexOf("\r\n\r\n") + 4;
    if (start < 4) return;
    const end = start + Number(/content-length: *(\d+)/i.exec(received.toString("latin1", 0, start))[1]);
    if (received.length < end) return;
    const message = JSON.parse(received.toString("utf8", start, end));
    received = received.subarray(end);
    handled = handled.then(() => handle(message));
  }
});
process.stdin.on("end", () => process.exit(0));
