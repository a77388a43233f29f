"""From a Worker's sources to its script, through the project's own esbuild where it is needed.

The options follow wrangler's (workers-sdk, `bundleWorker`), so that what runs here is what is
deployed: its conditions, its rules for text, data and wasm, its way of telling the syntax.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import BuildError, SourceProblem, WorkerError
from .find import find_esbuild
from .script import Kind, Module, Script
from .settings import Rule, Settings
from .sourcemap import SourceMap
from .syntax import exports_default

# What makes a plain script need the bundler: imports of files or packages, JSX, CommonJS, and
# names that only a bundler gives a value. Cautious: a match in a comment costs only time.
_IMPORT = re.compile(
    r"""(?:\bimport\s*(?:[\w*{][^;'"]*?\bfrom\s*)?|\bexport\s[^;'"]*?\bfrom\s*|\bimport\s*\(\s*)
        ["'](?!cloudflare:|node:|workerd:)""",
    re.VERBOSE,
)
_OTHER = re.compile(r"\brequire\s*\(|\bmodule\.exports\b|process\.env\.NODE_ENV|[=(]\s*<[A-Za-z>]")
_PLAIN = (".js", ".mjs")
_SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_ERROR = re.compile(
    r"^\S+ \[ERROR\] (?P<message>.*)\n(?:\n +(?P<file>\S.*?):(?P<line>\d+):(?P<column>\d+):$)?",
    re.MULTILINE,
)
_WITH_QUERY = re.compile(rb"""(["']\./[^"'\n]+\.wasm)\?module(?=["'])""")
_LOADERS = {"Text": "text", "Data": "copy", "CompiledWasm": "copy"}
_KINDS: dict[str, Kind] = {"Text": "text", "Data": "data", "CompiledWasm": "wasm"}
_NODE = {  # what Node has built in, by the names that imports use without "node:"
    *("assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants"),
    *("crypto", "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http"),
    *("http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks", "process"),
    *("punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys"),
    *("timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi"),
    *("worker_threads", "zlib"),
}
_NODE_BY_DEFAULT = "2026-08-04"  # from this compatibility date on, nodejs_compat needs no flag
_REQUIRES = b'Dynamic require of "'  # what esbuild makes of a require that it cannot resolve
_REQUIRE = (
    'import { createRequire as __kvlens_createRequire } from "node:module"; '
    'const require = __kvlens_createRequire("/");'
)


def build(settings: Settings, *, with_command: bool = True) -> Script:
    """Return the Worker that `settings.main` is the entry of. Blocks; call it from a thread.

    `with_command` tells whether the config's own build command is run first.

    Raises BuildError for sources that do not make one, WorkerError where esbuild is missing.
    """
    main = settings.main
    if main is None:
        raise WorkerError(
            f"{settings.folder}: the config has no main, so there is no Worker to run; add "
            'main = "src/index.ts" (or where its entry is), or use "kvlens serve" for KV alone'
        )
    if with_command:
        run_command(settings)
    try:
        source = main.read_text(encoding="utf-8")
    except OSError as error:
        reason = "there is no such file" if not main.exists() else error.strerror
        raise BuildError(f"main = {_shown(main, settings)}: {reason}") from error
    except UnicodeDecodeError as error:
        raise BuildError(f"{main}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    if main.suffix not in _SCRIPTS:
        raise BuildError(
            f"main = {_shown(main, settings)}: JavaScript and TypeScript are run here, not "
            f'"{main.suffix}" files'
        )
    is_module = exports_default(source, main.name)
    if not settings.bundle:
        return _as_it_is(settings, main, is_module)
    if not needs_bundler(main, source, settings.options):
        name = _name(main, settings)
        module = Module(name, "esModule", source.encode())
        return Script((module,), not is_module, {name: main}, inputs=frozenset([main]))
    esbuild = find_esbuild(settings.folder)
    script, has_default = _bundle(esbuild, settings, main, is_module)
    if has_default is not None and has_default != is_module:
        script, _ = _bundle(esbuild, settings, main, has_default)
    return script


def needs_bundler(main: Path, source: str, options: Mapping[str, Any]) -> bool:
    """Tell whether an entry has to be bundled: workerd runs plain scripts as they are."""
    asked = {name: value for name, value in options.items() if name != "keep_names" and value}
    if main.suffix not in _PLAIN or asked:
        return True
    return _IMPORT.search(source) is not None or _OTHER.search(source) is not None


def _as_it_is(settings: Settings, main: Path, is_module: bool) -> Script:
    """Return the Worker of a project that has `no_bundle`: its files, by their paths."""
    base = settings.folder / settings.options.get("base_dir", "") if is_module else main.parent
    if "base_dir" not in settings.options:
        base = main.parent
    modules = [_module(main, base, "esModule")]
    sources = {modules[0].name: main}
    for path in sorted(base.rglob("*")) if is_module else ():
        if path == main or not path.is_file() or "node_modules" in path.relative_to(base).parts:
            continue
        kind = _kind(path, settings.rules)
        if kind is not None:
            modules.append(_module(path, base, kind))
            sources[modules[-1].name] = path
    return Script(tuple(modules), not is_module, sources, inputs=frozenset(sources.values()))


def _module(path: Path, base: Path, kind: Kind) -> Module:
    return Module(path.relative_to(base).as_posix(), kind, path.read_bytes())


def _kind(path: Path, rules: tuple[Rule, ...]) -> Kind | None:
    if path.suffix in _PLAIN:
        return "esModule"
    return next((_KINDS[rule.type] for rule in rules if rule.suffix == path.suffix), None)


def _bundle(
    esbuild: Path, settings: Settings, main: Path, as_module: bool, *, with_require: bool = False
) -> tuple[Script, bool | None]:
    """Bundle, and tell whether the entry has a default export (None where it cannot be told).

    `with_require` gives packages that call `require("node:…")` a function of that name.
    """
    with tempfile.TemporaryDirectory(prefix="kvlens-build-") as scratch:
        out = Path(scratch).resolve()
        command = [str(esbuild), str(main), *_options(settings, out, as_module, with_require)]
        ran = subprocess.run(
            command,
            cwd=settings.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if ran.returncode:
            raise _build_error(ran.stderr, settings)
        meta = json.loads((out / "meta.json").read_text(encoding="utf-8"))
        content = _WITH_QUERY.sub(rb"\1", (out / "worker.js").read_bytes())
        if _REQUIRES in content and as_module and not with_require and has_node(settings):
            return _bundle(esbuild, settings, main, as_module, with_require=True)
        modules = [Module("worker.js", "esModule", content)]
        names = {Path(name).name for name in meta["outputs"]} - {"worker.js", "worker.js.map"}
        by_suffix = {rule.suffix: _KINDS[rule.type] for rule in settings.rules}
        for name in sorted(names):
            kind = by_suffix.get(Path(name).suffix, "data")
            modules.append(Module(name, kind, (out / name).read_bytes()))
        places = SourceMap((out / "worker.js.map").read_text(encoding="utf-8"), out)
    exports = [output["exports"] for output in meta["outputs"].values() if output.get("entryPoint")]
    inputs = frozenset(_inputs(meta["inputs"], settings.folder)) | {main}
    warnings = (ran.stderr.strip(),) if ran.stderr.strip() else ()
    script = Script(
        tuple(modules),
        not as_module,
        maps={"worker.js": places},
        inputs=inputs,
        warnings=warnings,
    )
    return script, "default" in exports[0] if exports and as_module else None


def _options(settings: Settings, out: Path, as_module: bool, with_require: bool) -> Iterator[str]:
    yield from (
        "--bundle",
        f"--format={'esm' if as_module else 'iife'}",
        "--target=es2022",
        "--conditions=workerd,worker,browser",
        f"--outdir={out}",
        "--entry-names=worker",
        "--asset-names=[name]-[hash]",
        "--sourcemap=external",
        "--sources-content=false",
        f"--metafile={out / 'meta.json'}",
        "--log-level=warning",
        "--log-limit=20",
        "--color=false",
        "--loader:.js=jsx",
        "--loader:.mjs=jsx",
        "--loader:.cjs=jsx",
        "--external:cloudflare:*",
        "--external:workerd:*",
        "--external:node:*",
    )
    for rule in settings.rules:
        yield f"--loader:{rule.suffix}={_LOADERS[rule.type]}"
    defines = {"process.env.NODE_ENV": '"development"', **(settings.options.get("define") or {})}
    for name, value in defines.items():
        yield f"--define:{name}={value}"
    aliases = dict(settings.options.get("alias") or {})
    if has_node(settings):
        aliases = {**{name: f"node:{name}" for name in sorted(_NODE)}, **aliases}
        if with_require:
            yield f"--banner:js={_REQUIRE}"
    for name, value in aliases.items():
        yield f"--alias:{name}={value}"
    for option, flag in (("jsx_factory", "jsx-factory"), ("jsx_fragment", "jsx-fragment")):
        if settings.options.get(option):
            yield f"--{flag}={settings.options[option]}"
    if settings.options.get("tsconfig"):
        yield f"--tsconfig={settings.folder / settings.options['tsconfig']}"
    if settings.options.get("minify"):
        yield "--minify"
    if settings.options.get("keep_names", True):
        yield "--keep-names"


def has_node(settings: Settings) -> bool:
    """Tell whether the Worker asks for Node's own modules."""
    flags = settings.compatibility_flags
    if "nodejs_compat" in flags or "nodejs_compat_v2" in flags:
        return True
    date = settings.compatibility_date
    return date is not None and date >= _NODE_BY_DEFAULT and "no_nodejs_compat" not in flags


def _inputs(inputs: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """Yield the project's own files among what esbuild read; packages do not change."""
    for name in inputs:
        path = (folder / name.partition("?")[0]).resolve()
        if "node_modules" not in path.parts:
            yield path


def _build_error(output: str, settings: Settings) -> BuildError:
    problems = [
        SourceProblem(
            (settings.folder / found["file"]).resolve() if found["file"] else settings.folder,
            int(found["line"] or 0),
            int(found["column"] or -1) + 1,  # esbuild counts columns from 0
            found["message"],
        )
        for found in _ERROR.finditer(output)
    ]
    lines = [
        f"{_shown(one.file, settings)}:{one.line}:{one.column}: {one.message}"
        if one.line
        else one.message
        for one in problems
    ]
    hint = ""
    if "is built into node" in output:
        hint = (
            '\nFor Node\'s own modules add compatibility_flags = ["nodejs_compat"] to the config.'
        )
    return BuildError(("\n".join(lines) or output.strip()) + hint, problems)


def run_command(settings: Settings) -> None:
    """Run the config's own build command, where it has one, as `wrangler dev` does.

    Raises BuildError where it fails.
    """
    if not settings.command:
        return
    ran = subprocess.run(
        settings.command,
        shell=True,
        cwd=settings.command_folder or settings.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ran.returncode:
        said = ran.stdout.strip()
        raise BuildError(f'build.command "{settings.command}" ended with {ran.returncode}:\n{said}')


def _name(main: Path, settings: Settings) -> str:
    shown = _shown(main, settings)
    return main.name if shown.startswith("..") or Path(shown).is_absolute() else shown


def _shown(path: Path, settings: Settings) -> str:
    """Return a path as people know it: from the project's folder."""
    folder = settings.folder.resolve()
    whole = path.resolve()
    return whole.relative_to(folder).as_posix() if folder in whole.parents else str(whole)
