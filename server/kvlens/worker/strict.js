// Miniflare 2's checks in front of a namespace of workerd, which lets these through in silence:
// keys that are no strings, values that are neither text nor bytes, options that are no numbers.
// What it lets pass reaches the runtime's own object, whose answers come back as they are.

const BYTES = new TextEncoder();
const MAX_KEY_SIZE = 512; // bytes of UTF-8
const MAX_LIST_KEYS = 1000;
const MIN_TTL = 60; // seconds, of expirationTtl, expiration from now, and cacheTtl
const MAX_INT = 2 ** 31; // beyond it the runtime has a TypeError of its own
const TYPES = ["text", "json", "arrayBuffer", "stream"];

const failed = (method, status, text) => new Error(`KV ${method} failed: ${status} ${text}`);
const isObject = (value) => typeof value === "object" && value !== null;

function checkKey(method, name, key) {
  if (typeof key !== "string") {
    throw new TypeError(
      `Failed to execute '${name}' on 'KvNamespace': parameter 1 is not of type 'string'.`,
    );
  }
  if (key === "") throw new TypeError("Key name cannot be empty.");
  if (key === "." || key === "..") throw new TypeError(`"${key}" is not allowed as a key name.`);
  const size = key.length * 3 > MAX_KEY_SIZE ? BYTES.encode(key).length : 0;
  if (size > MAX_KEY_SIZE) {
    const text = `UTF-8 encoded length of ${size} exceeds key length limit of ${MAX_KEY_SIZE}.`;
    throw failed(method, 414, text);
  }
}

function getOptions(options) {
  const given = isObject(options) ? options : { type: options };
  const { type = "text", cacheTtl, ...rest } = given;
  if (cacheTtl && (Number.isNaN(Number(cacheTtl)) || Number(cacheTtl) < MIN_TTL)) {
    const text = `Invalid cache_ttl of ${cacheTtl}. Cache TTL must be at least ${MIN_TTL}.`;
    throw failed("GET", 400, text);
  }
  const wanted = type ?? "text";
  if (!TYPES.includes(wanted)) {
    const shown = 'Unknown response type. Possible types are "text", "arrayBuffer", "json", and';
    throw new TypeError(`${shown} "stream".`);
  }
  return cacheTtl ? { ...rest, type: wanted, cacheTtl } : { ...rest, type: wanted };
}

function checkValue(value) {
  if (typeof value === "string" || value instanceof ReadableStream) return;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return;
  throw new TypeError(
    "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.",
  );
}

// A time option as Miniflare 2 reads it: undefined where it is not given, NaN where it is no time.
function seconds(value) {
  if (typeof value === "number") return Math.round(value);
  return typeof value === "string" ? parseInt(value) : undefined;
}

function putOptions(options) {
  if (!isObject(options)) return options;
  const { expiration, expirationTtl, ...rest } = options;
  const refuse = (name, shown, text) => failed("PUT", 400, `Invalid ${name} of ${shown}. ${text}`);
  const ttl = seconds(expirationTtl);
  if (ttl !== undefined) {
    if (Number.isNaN(ttl) || (ttl <= 0 && ttl >= -MAX_INT)) {
      throw refuse("expiration_ttl", expirationTtl, "Please specify integer greater than 0.");
    }
    if (ttl > 0 && ttl < MIN_TTL) {
      const text = `Expiration TTL must be at least ${MIN_TTL}.`;
      throw refuse("expiration_ttl", expirationTtl, text);
    }
    return { ...rest, expirationTtl: ttl };
  }
  const time = seconds(expiration);
  if (time === undefined) return rest;
  if (String(time) !== String(expiration) && !(Math.abs(time) > MAX_INT)) {
    // the service checks times too, but it cannot show what was given before it was rounded
    const now = Math.floor(Date.now() / 1000);
    if (Number.isNaN(time) || time <= now) {
      const text =
        "Please specify integer greater than the current number of seconds since the UNIX epoch.";
      throw refuse("expiration", expiration, text);
    }
    if (time < now + MIN_TTL) {
      const text = `Expiration times must be at least ${MIN_TTL} seconds in the future.`;
      throw refuse("expiration", expiration, text);
    }
  }
  return { ...rest, expiration: time };
}

function listOptions(options) {
  if (!isObject(options) || options.limit === undefined) return options;
  const limit = Number(options.limit);
  const refuse = (text) =>
    failed("GET", 400, `Invalid key_count_limit of ${options.limit}. Please specify ${text}.`);
  if (Number.isNaN(limit) || limit < 1) throw refuse("an integer greater than 0");
  if (limit > MAX_LIST_KEYS) throw refuse(`an integer less than ${MAX_LIST_KEYS}`);
  return { ...options, limit: Math.ceil(limit) };
}

function strict(inner) {
  class KvNamespace {
    async get(key, options) {
      checkKey("GET", "get", key);
      return inner.get(key, getOptions(options));
    }

    async getWithMetadata(key, options) {
      checkKey("GET", "getWithMetadata", key);
      return inner.getWithMetadata(key, getOptions(options));
    }

    async put(key, value, options) {
      checkKey("PUT", "put", key);
      checkValue(value);
      return inner.put(key, value, putOptions(options));
    }

    async delete(key) {
      checkKey("DELETE", "delete", key);
      return inner.delete(key);
    }

    async list(options) {
      return inner.list(listOptions(options));
    }

    get [Symbol.toStringTag]() {
      return "KvNamespace";
    }
  }
  return new KvNamespace();
}
