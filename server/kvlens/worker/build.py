"""Build a Worker's script from its sources, with the project's esbuild if necessary.

The options are wrangler's (workers-sdk, `bundleWorker`), including its conditions, its rules for
text, data and wasm, and how it detects the syntax: what runs here is what is deployed.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kvlens import files
from kvlens.worker import imports
from kvlens.worker.binaries import find_esbuild
from kvlens.worker.commands import Ran, run
from kvlens.worker.config import WorkerConfig
from kvlens.worker.errors import BuildError, SourceProblem, WorkerError
from kvlens.worker.script import Kind, Module, Script
from kvlens.worker.sourcemap import SourceMap
from kvlens.worker.syntax import exports_default

# What needs a bundler: imports of files or packages, JSX, CommonJS, and names that only a bundler
# defines. A match in a comment only costs time.
_IMPORT = re.compile(
    r"""(?:\bimport\s*(?:[\w*{][^;'"]*?\bfrom\s*)?|\bexport\s[^;'"]*?\bfrom\s*|\bimport\s*\(\s*)
        ["'](?!cloudflare:|node:|workerd:)""",
    re.VERBOSE,
)
_OTHER = re.compile(r"\brequire\s*\(|\bmodule\.exports\b|process\.env\.NODE_ENV|[=(]\s*<[A-Za-z>]")
_PLAIN = (".js", ".mjs")
_SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_ESBUILD_READS = ("package.json", "tsconfig.json", "jsconfig.json")
_ERROR = re.compile(
    r"^\S+ \[ERROR\] (?P<message>.*)\n(?:\n +(?P<file>\S.*?):(?P<line>\d+):(?P<column>\d+):$)?",
    re.MULTILINE,
)
_WITH_QUERY = re.compile(rb"""(["']\./[^"'\n]+\.wasm)\?module(?=["'])""")
_LOADERS = {"Text": "text", "Data": "copy", "CompiledWasm": "copy"}
_KINDS: dict[str, Kind] = {
    "Text": "text",
    "Data": "data",
    "CompiledWasm": "wasm",
    "ESModule": "esModule",
    "CommonJS": "commonJsModule",
}
LARGEST = 64 * 1024 * 1024  # bytes of one source or module: the limit of a Worker
LARGEST_TOGETHER = 256 * 1024 * 1024  # bytes of all bundled sources
MOST_FILES = 20_000  # searched for modules; projects have fewer
_NOT_MODULES = {"node_modules", ".git", ".wrangler"}
ESBUILD_TIMEOUT = 60.0  # seconds; a normal build takes one
ESBUILD_MEMORY = 2 * 1024**3  # bytes; the largest Workers take a few hundred million
_NODE = {  # Node's built-in modules, without "node:"
    *("assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants"),
    *("crypto", "dgram", "diagnostics_channel", "dns", "domain", "events", "fs", "http"),
    *("http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks", "process"),
    *("punycode", "querystring", "readline", "repl", "stream", "string_decoder", "sys"),
    *("timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi"),
    *("worker_threads", "zlib"),
}
_NODE_BY_DEFAULT = "2026-08-04"  # from this compatibility date on, nodejs_compat is the default
_REQUIRES = b'Dynamic require of "'  # in the output, for a require that esbuild can't resolve
_REQUIRE = (
    'import { createRequire as __kvlens_createRequire } from "node:module"; '
    'const require = __kvlens_createRequire("/");'
)


def build(settings: WorkerConfig, *, with_command: bool = True) -> Script:
    """Build the Worker whose entry is `settings.main`. Blocks; call it from a thread.

    `with_command`: run the config's build command first.

    Raises BuildError for sources that can't be built, WorkerError if esbuild is missing.
    """
    main = settings.main
    if main is None:
        raise WorkerError(_no_main(settings))
    if with_command:
        run_command(settings)
    source = _read_main(main, settings)
    if main.suffix not in _SCRIPTS:
        raise BuildError(
            f"main = {_shown(main, settings)}: only JavaScript and TypeScript can be run, not "
            f'"{main.suffix}" files'
        )
    is_module = exports_default(source, main.name)
    if not settings.bundle:
        return _unbundled(settings, main, is_module)
    more = _additional(settings, main, is_module)
    if not needs_bundler(main, source, settings.options):
        base = _base(settings, main) if more else None
        name = main.relative_to(base).as_posix() if base else _name(main, settings)
        module = Module(name, "esModule", source.encode())
        return _add_modules(
            more, Script((module,), not is_module, {name: main}, inputs=frozenset([main]))
        )
    _check_what_esbuild_reads(settings, main)
    _check_imports(settings, main)
    esbuild = find_esbuild(settings.folder)
    script, has_default = _bundle(esbuild, settings, main, is_module)
    if has_default is not None and has_default != is_module:
        script, _ = _bundle(esbuild, settings, main, has_default)
    return _add_modules(more, _in_entry_folder(script, settings, main) if more else script)


def _no_main(settings: WorkerConfig) -> str:
    if settings.is_pages:
        return (
            f"{settings.folder}: this is a Pages project (pages_build_output_dir), and only "
            'Workers can be run here. Run it with "wrangler pages dev", which uses the same keys'
        )
    return (
        f"{settings.folder}: the config has no main, so there is no Worker to run; add "
        'main = "src/index.ts" (or where its entry is)'
    )


def _read_main(main: Path, settings: WorkerConfig) -> str:
    try:
        return files.read_bytes(main, LARGEST).decode("utf-8")
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        reason = "there is no such file" if missing else error.strerror
        raise BuildError(f"main = {_shown(main, settings)}: {reason}") from error
    except UnicodeDecodeError as error:
        raise BuildError(f"{main}: not UTF-8 at byte {error.start}; save it as UTF-8") from error


def _check_what_esbuild_reads(settings: WorkerConfig, main: Path) -> None:
    """Raise BuildError if a config file of esbuild isn't a regular file: it would block."""
    whole = main.resolve().parent
    wanted = [place / name for place in (whole, *whole.parents) for name in _ESBUILD_READS]
    if named := settings.options.get("tsconfig"):
        wanted.append(settings.folder / named)
    for path in wanted:
        try:
            with files.open_file(path, LARGEST):
                pass
        except files.FileRefusedError as error:
            if not path.is_dir():  # esbuild ignores these
                raise BuildError(f"{_shown(path, settings)} {error.strerror}") from error
        except OSError:
            continue  # missing, or esbuild reports it


def _check_imports(settings: WorkerConfig, main: Path) -> None:
    """Raise BuildError if an import leads to a pipe, a device or a file that is too large."""
    aliases = (settings.options.get("alias") or {}).values()
    try:
        imports.check(main, aliases, settings.folder, LARGEST, LARGEST_TOGETHER)
    except imports.ImportRefusedError as error:
        by = f", which {_shown(error.importer, settings)} imports," if error.importer else ""
        text = f"{_shown(error.path, settings)}{by} {error.reason}"
        problems = [
            SourceProblem(place, 0, 0, text) for place in (error.path, error.importer) if place
        ]
        raise BuildError(text, problems) from error


def needs_bundler(main: Path, source: str, options: Mapping[str, Any]) -> bool:
    """Return whether an entry must be bundled. workerd runs plain scripts as they are."""
    asked = {name: value for name, value in options.items() if name != "keep_names" and value}
    if main.suffix not in _PLAIN or asked:
        return True
    return _IMPORT.search(source) is not None or _OTHER.search(source) is not None


def _unbundled(settings: WorkerConfig, main: Path, is_module: bool) -> Script:
    """Return the Worker of a project with `no_bundle`: its files, by path."""
    base = _base(settings, main) if is_module else main.parent
    first = _module(main, base, "esModule", settings)
    modules = {first.name: (first, main)}
    if is_module and settings.find_modules is not False:
        for path in _files_below(base, settings):
            kind = "esModule" if path.suffix in _PLAIN else _kind(path, base, settings)
            if path != main and kind is not None:
                module = _module(path, base, kind, settings)
                modules[module.name] = (module, path)
    found = [module for module, _ in modules.values()]
    sources = {name: path for name, (_, path) in modules.items()}
    return Script(tuple(found), not is_module, sources, inputs=frozenset(sources.values()))


def _additional(
    settings: WorkerConfig, main: Path, is_module: bool
) -> dict[str, tuple[Module, Path]]:
    """Return the modules that `find_additional_modules` adds, whether imported or not."""
    if not settings.find_modules:
        return {}
    if not is_module:
        raise BuildError(
            "find_additional_modules = true needs an entry with export default; remove it from "
            "the config, or make the Worker a module"
        )
    base = _base(settings, main)
    found: dict[str, tuple[Module, Path]] = {}
    for path in _files_below(base, settings):
        kind = _kind(path, base, settings)
        if kind is not None and path != main:
            module = _module(path, base, kind, settings)
            found[module.name] = (module, path)
    return found


def _add_modules(more: Mapping[str, tuple[Module, Path]], script: Script) -> Script:
    """Return a script with additional modules. Existing modules take precedence."""
    names = {module.name for module in script.modules}
    added = {name: found for name, found in more.items() if name not in names}
    if not added:
        return script
    return dataclasses.replace(
        script,
        modules=(*script.modules, *(module for module, _ in added.values())),
        sources={**script.sources, **{name: path for name, (_, path) in added.items()}},
        inputs=script.inputs | {path for _, path in added.values()},
    )


def _in_entry_folder(script: Script, settings: WorkerConfig, main: Path) -> Script:
    """Name a bundle in its entry's folder: imports at run time are relative to it."""
    place = main.parent.relative_to(_base(settings, main)).as_posix()
    if place == ".":
        return script
    bundle, *others = script.modules
    name = f"{place}/{bundle.name}"
    return dataclasses.replace(
        script,
        modules=(dataclasses.replace(bundle, name=name), *others),
        maps={name: script.maps[bundle.name]},
    )


def _base(settings: WorkerConfig, main: Path) -> Path:
    """Return the folder that module names are relative to."""
    base = settings.base
    if base is None:
        return main.parent
    folder, whole = settings.folder.resolve(), base.resolve()
    if whole != folder and folder not in whole.parents:
        raise BuildError(
            f"base_dir = {base}: is outside the project's folder {folder}; choose one inside"
        )
    try:
        main.relative_to(base)
    except ValueError:
        raise BuildError(
            f"base_dir = {_shown(base, settings)}: doesn't contain main = "
            f"{_shown(main, settings)}; choose one of its parent folders"
        ) from None
    return base


def _files_below(base: Path, settings: WorkerConfig) -> Iterator[Path]:
    """Yield the files below a folder, in a stable order. Raises BuildError for too many."""
    seen = 0
    for folder, folders, names in os.walk(base):
        folders[:] = sorted(name for name in folders if name not in _NOT_MODULES)
        seen += len(names)
        if seen > MOST_FILES:
            raise BuildError(
                f"{_shown(base, settings)} contains over {MOST_FILES:,} files, too many to search "
                "for modules; set base_dir to the folder that has them"
            )
        for name in sorted(names):
            path = Path(folder, name)
            if files.is_regular(path):
                yield path


def _module(path: Path, base: Path, kind: Kind, settings: WorkerConfig) -> Module:
    try:
        content = files.read_bytes(path, LARGEST)
    except OSError as error:
        raise BuildError(f"{_shown(path, settings)}: {error.strerror}") from error
    return Module(path.relative_to(base).as_posix(), kind, content)


def _kind(path: Path, base: Path, settings: WorkerConfig) -> Kind | None:
    name = path.relative_to(base).as_posix()
    return next(
        (_KINDS[kind] for kind, glob in settings.globs if kind in _KINDS and _matches(name, glob)),
        None,
    )


@functools.lru_cache(maxsize=1000)
def _glob(pattern: str) -> re.Pattern[str]:
    """Compile a glob with wrangler's syntax: `*` within a folder, `**/` for any folders."""
    parts = re.split(r"(\*\*/|\*+)", pattern.removeprefix("./"))
    meaning = {"**/": "(?:.*/)?", "**": ".*"}
    return re.compile(
        "".join(
            meaning.get(part, "[^/]*") if part.startswith("*") else re.escape(part)
            for part in parts
        )
    )


def _matches(name: str, glob: str) -> bool:
    return len(glob) < 500 and _glob(glob).fullmatch(name) is not None


def _bundle(
    esbuild: Path,
    settings: WorkerConfig,
    main: Path,
    as_module: bool,
    *,
    with_require: bool = False,
) -> tuple[Script, bool | None]:
    """Bundle, and return whether the entry has a default export (None if unknown).

    `with_require` defines `require` for packages that call `require("node:…")`.
    """
    with tempfile.TemporaryDirectory(prefix="kvlens-build-") as scratch:
        out = Path(scratch).resolve()
        command = [str(esbuild), str(main), *_options(settings, out, as_module, with_require)]
        ran = run(command, settings.folder, timeout=ESBUILD_TIMEOUT, memory=ESBUILD_MEMORY)
        if ran.code:
            raise _build_error(ran, settings)
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
    warnings = (ran.errors.strip(),) if ran.errors.strip() else ()
    script = Script(
        tuple(modules),
        not as_module,
        maps={"worker.js": places},
        inputs=inputs,
        warnings=warnings,
    )
    return script, "default" in exports[0] if exports and as_module else None


def _options(
    settings: WorkerConfig, out: Path, as_module: bool, with_require: bool
) -> Iterator[str]:
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


def has_node(settings: WorkerConfig) -> bool:
    """Return whether the Worker may use Node's built-in modules."""
    flags = settings.compatibility_flags
    if "nodejs_compat" in flags or "nodejs_compat_v2" in flags:
        return True
    date = settings.compatibility_date
    return date is not None and date >= _NODE_BY_DEFAULT and "no_nodejs_compat" not in flags


def _inputs(inputs: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """Yield the project's own files among esbuild's inputs. Packages don't change."""
    for name in inputs:
        path = (folder / name.partition("?")[0]).resolve()
        if "node_modules" not in path.parts:
            yield path


def _build_error(ran: Ran, settings: WorkerConfig) -> BuildError:
    output = ran.errors
    if not output.strip():
        output = f"esbuild exited with {ran.code} and no message"
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


def run_command(settings: WorkerConfig) -> None:
    """Run the config's build command, if any, as `wrangler dev` does.

    Raises BuildError if it fails.
    """
    if not settings.command:
        return
    ran = run(settings.command, settings.command_folder or settings.folder, shell=True)
    if ran.code:
        said = f"{ran.output}{ran.errors}".strip()
        raise BuildError(f'build.command "{settings.command}" exited with {ran.code}:\n{said}')


def _name(main: Path, settings: WorkerConfig) -> str:
    shown = _shown(main, settings)
    return main.name if shown.startswith("..") or Path(shown).is_absolute() else shown


def _shown(path: Path, settings: WorkerConfig) -> str:
    """Return a path relative to the project's folder, for messages."""
    folder = settings.folder
    named = Path(os.path.normpath(path))
    if folder in named.parents:
        return named.relative_to(folder).as_posix()
    folder, whole = folder.resolve(), path.resolve()
    return whole.relative_to(folder).as_posix() if folder in whole.parents else str(whole)
