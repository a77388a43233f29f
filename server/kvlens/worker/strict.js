// The rules of Miniflare 2's page on KV that only the isolate can hold: today's runtime takes an
// undefined key for "undefined", and a limit of 0 or less for none, before the emulator is asked.
// A call that no rule refuses goes to the runtime's own method as it came.

const NOTE = ' (KV Lens strict mode; to allow this, set kvlens.compat or --compat to "workerd")';
const METHODS = ["get", "getWithMetadata", "put", "delete", "list"];
const namespaces = new WeakSet();
const ruled = new WeakSet(); // prototypes

function undefinedKey(name, args) {
  if (args.length === 0) return; // the runtime has its own text
  const several = Array.isArray(args[0]) && name.startsWith("get");
  if (args[0] === undefined || (several && args[0].includes(undefined))) {
    const text = `Failed to execute '${name}' on 'KvNamespace': parameter 1 is not of type 'string'.`;
    return new TypeError(text + NOTE);
  }
}

function limitBelowOne(limit) {
  if (limit === undefined) return;
  const number = Number(limit);
  const taken = Number.isFinite(number) ? Math.trunc(number) : 0; // as the runtime takes it
  if (typeof limit === "bigint" || taken > 0 || taken < -(2 ** 31)) return;
  const text = "Please specify an integer greater than 0.";
  return new Error(`KV GET failed: 400 Invalid key_count_limit of ${limit}. ${text}${NOTE}`);
}

// An option may be a getter: the runtime is given what it said here, so that it is asked once.
function listOnce(args) {
  const options = args[0];
  if (Object(options) !== options) return [undefined, args];
  let limit, thrown;
  try {
    limit = options.limit;
  } catch (error) {
    thrown = [error];
  }
  const get = (target, name) => {
    if (name !== "limit") return Reflect.get(target, name, target);
    if (thrown) throw thrown[0];
    return limit;
  };
  return [limit, [new Proxy(options, { get }), ...args.slice(1)]];
}

function refusal(rule, ...given) {
  try {
    return rule(...given);
  } catch {
    return undefined; // what throws when it is converted: the runtime does it too
  }
}

// Puts the rules in front of the methods that all namespaces share; the object stays itself.
function strict(namespace) {
  const prototype = Object.getPrototypeOf(namespace);
  for (const name of ruled.has(prototype) ? [] : METHODS) {
    const native = prototype[name];
    const method = {
      [name](...args) {
        let error;
        if (namespaces.has(this) && name === "list") {
          const [limit, once] = listOnce(args);
          error = refusal(limitBelowOne, limit);
          args = once;
        } else if (namespaces.has(this)) {
          error = refusal(undefinedKey, name, args);
        }
        return error ? Promise.reject(error) : Reflect.apply(native, this, args);
      },
    };
    prototype[name] = method[name];
  }
  ruled.add(prototype);
  namespaces.add(namespace);
  return namespace;
}
