// Runs KV calls that a test sends as JSON, and answers with what came back or was thrown.
// What JSON has no form for travels as an object with one "$…" property.

const SPECIAL = {
  $bytes: (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
  $buffer: (text) => SPECIAL.$bytes(text).buffer,
  $stream: (text) => new Blob([SPECIAL.$bytes(text)]).stream(),
  $zeros: (size) => new Uint8Array(size),
  $zeroStream: (size) => zeros(size),
  $undefined: () => undefined,
  $number: (text) => Number(text),
  $map: (pairs) => new Map(pairs),
  $date: (time) => new Date(time),
  $text: (units) => String.fromCharCode(...units),
  $bigint: (text) => BigInt(text),
  $symbol: (text) => Symbol(text),
  $function: () => () => 1,
  $unwritten: () => ({ toJSON: () => undefined }),
  $query: (text) => new URLSearchParams(text),
  $short: (text) => short(text),
  $repeat: ([text, count]) => text.repeat(count),
  $now: (seconds) => Math.floor(Date.now() / 1000) + seconds,
};

// Other ways to call a method, written before its name: "unbound get".
const WAYS = {
  unbound: (namespace, name, args) => (0, namespace[name])(...args),
  how: async (namespace, name, args) => {
    let promise;
    try {
      promise = namespace[name](...args);
    } catch {
      return "thrown";
    }
    return promise.then(
      () => "resolved",
      () => "rejected",
    );
  },
  reads: async (namespace, name, [options]) => {
    const read = [];
    const get = (target, option) => (read.push(option), target[option]);
    await namespace[name](new Proxy(options, { get }));
    return read;
  },
  shape: (namespace) => {
    const methods = Object.getPrototypeOf(namespace);
    const described = Reflect.ownKeys(methods).map((name) => {
      const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(methods, name);
      return [String(name), typeof value, value?.name, value?.length, writable, enumerable, configurable];
    });
    const same = namespace.get === namespace.get && namespace instanceof namespace.constructor;
    return [String(namespace), namespace.constructor.name, Reflect.ownKeys(namespace), same, described];
  },
};

// A stream that says it has 5 bytes, and ends after fewer.
function short(text) {
  const { readable, writable } = new FixedLengthStream(5);
  const writer = writable.getWriter();
  writer.write(new TextEncoder().encode(text)).catch(() => {});
  writer.close().catch(() => {});
  return readable;
}

function zeros(size) {
  return new ReadableStream({
    pull(controller) {
      if (size <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(size, 65536)));
      size -= 65536;
    },
  });
}

function revive(value) {
  if (Array.isArray(value)) return value.map(revive);
  if (value === null || typeof value !== "object") return value;
  const [name] = Object.keys(value);
  if (SPECIAL[name]) return SPECIAL[name](value[name]);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
}

function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
}

async function plain(value) {
  if (value === undefined) return { $undefined: true };
  if (value instanceof ArrayBuffer) return { $bytes: base64(new Uint8Array(value)) };
  if (value instanceof ReadableStream) {
    return { $stream: base64(new Uint8Array(await new Response(value).arrayBuffer())) };
  }
  if (value instanceof Map) {
    return { $map: await Promise.all([...value].map(([key, item]) => Promise.all([key, plain(item)]))) };
  }
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (value === null || typeof value !== "object") return value;
  const items = Object.entries(value).map(async ([key, item]) => [key, await plain(item)]);
  return Object.fromEntries(await Promise.all(items));
}

async function call(env, [binding, method, ...args]) {
  try {
    const [name, way] = method.split(" ").reverse();
    const given = args.map(revive);
    const namespace = env[binding];
    return { value: await plain(await (way ? WAYS[way](namespace, name, given) : namespace[name](...given))) };
  } catch (error) {
    return { error: error.message, kind: error.name };
  }
}

// The same call again and again, so many at a time, as a benchmark wants it.
async function repeat(namespace, { method, size, options, keys, count, together }) {
  const rest = method === "put" ? ["x".repeat(size)] : options;
  let next = 0;
  const one = async () => {
    while (next++ < count) {
      if (method === "list") await namespace.list(...rest);
      else await namespace[method](`key ${next % keys}`, ...rest);
    }
  };
  await Promise.all(Array.from({ length: together }, one));
}

export async function answer(request, env) {
  const { calls, together, repeated } = await request.json();
  if (repeated) {
    await repeat(env.KV0, repeated);
    return new Response();
  }
  if (together) return Response.json(await Promise.all(calls.map((item) => call(env, item))));
  const answers = [];
  for (const item of calls) answers.push(await call(env, item));
  return Response.json(answers);
}
