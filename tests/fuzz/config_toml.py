"""A wrangler.toml: scan, tables, rules, fixes, completion."""

from __future__ import annotations

from tests.fuzz.configs import look_at

EXAMPLES = (
    b'name = "shop"\nmain = "src/index.ts"\ncompatibility_date = "2024-01-01"\n\n'
    b'kv_namespaces = [\n  { binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" },\n'
    b'  { binding = "FLAGS", id = "1f2ac74b498b48028cb68387c421e279", preview_id = "x" }, # flags\n'
    b"]\n\n[vars]\nA = 1\n\n[env.production]\nkv_namespaces = [{ binding = 'CARTS', id = '' }]\n",
    b'name = "a"\n[[kv_namespaces]]\nbinding = "A"\nid = "b"\nremote = true\n\n'
    b'[[kv_namespaces]]\nbinding = "A"\n\n[env.staging.vars]\nkv_namespaces = [{binding="B"}]\n'
    b'[[env.staging.kv_namespaces]]\nbinding = "C"\nnamespace_id = "d"\nmain = "x"\n',
    b'# kvlens-disable-next-line id-empty -- why\n[[kv_namespace]]\nbinding = "A"\n'
    b'a.b."c d" = """\n[x]\n"""\nt = 1979-05-27T07:32:00Z\nf = 1e3\ni = 0xff\nn = { a = { b = [1, 2,\n 3] } }\n',
    b'[env]\nproduction.kv_namespaces = [{ binding = "A", id = 5 }]\n[previews]\nkv_namespaces = "x"\n'
    b'[unsafe]\nbindings = [{ type = "kv_namespace", name = "A", namespace_id = "x" }]\n'
    b'[site]\nkv-namespaces = [{ binding = "B" }]\n[[d1_databases]]\nbinding = "A"\n',
)
WORDS = (
    *(b"kv_namespaces", b"[[kv_namespaces]]\n", b"[env.production]\n", b"[env.a.b]\n", b"[vars]\n"),
    *(b"[[env.production.kv_namespaces]]\n", b'binding = "A"\n', b'id = "x"\n', b"preview_id"),
    *(b"remote = true\n", b"{ binding = 'A' }", b"kv_namespaces = [", b"env.x.", b"[previews]\n"),
    *(
        b"# kvlens-disable-line id-empty",
        b"KV-Namespaces = []\n",
        b"pages_build_output_dir = 'x'\n",
    ),
    *(b"[[env]]\n", b"[[env.a]]\n", b"[[a.b]]\n[a.b.c]\n", b"0b1", b"1979-05-27", b"inf", b"\\x41"),
)


def target(data: bytes) -> None:
    """Analyze it in every way."""
    look_at("/project/wrangler.toml", data)
