"""`kvlens serve`: the emulator alone, following the project's files."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from kvlens.cli.common import counted, from_here
from kvlens.cli.frame import Command, Options
from kvlens.cli.serving import end_with_parent, named_config, serving_options
from kvlens.config.find import SEEDS, ConfigError
from kvlens.emulator import Emulator, EmulatorError
from kvlens.seeds.apply import apply
from kvlens.seeds.array import FileError
from kvlens.seeds.file import SeedItem, read
from kvlens.seeds.plan import changed_items, plan, to_writes
from kvlens.stores import StoreError, open_store, shown_url
from kvlens.workspace import Project, follow

DATABASES = Path("kv", "miniflare-KVNamespaceObject")  # where a store on disk has its files


def _options(parser: argparse.ArgumentParser) -> None:
    serving_options(parser, env="all", port=0)
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="the loopback address to listen on (default: 127.0.0.1)",
    )
    parser.add_argument(
        "--socket", type=Path, metavar="PATH", help="listen on a Unix socket too, for workerd"
    )


def _serve(options: Options) -> int:
    """Serve until interrupted, terminated, or (with --lifeline) until standard input ends."""
    try:
        project = Project(named_config(options), options.env)
        return asyncio.run(_Service(project, options).serve())
    except (ConfigError, EmulatorError, StoreError) as error:
        print(f"kvlens serve: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


class _Service:
    """One run: emulator and store, and what follows the files."""

    def __init__(self, project: Project, options: argparse.Namespace) -> None:
        self.project = project
        self.options = options
        self.stop = asyncio.Event()
        self.store = open_store(from_here(options.store), project.folder)
        self.emulator = Emulator(self.store, self._bindings(), compat=options.compat)
        self.seeds: dict[Path, list[SeedItem]] = {}

    async def serve(self) -> int:
        self._remember_seeds()
        options = self.options
        await self.emulator.start(options.host, options.port, unix=options.socket)
        self.emulator.on_change(self._changed)
        try:
            self._announce()
            end_with_parent(self.stop, lifeline=self.options.lifeline)
            await self._look_at_keys()
            await self._follow()
        finally:
            await self.emulator.close()
            if options.socket is not None:
                options.socket.unlink(missing_ok=True)
            await self.store.close()
        return 0

    # what is said ---------------------------------------------------------------------------

    def _announce(self) -> None:
        emulator = self.emulator
        ready = {
            "url": emulator.url,
            "rest": emulator.rest,
            "token": emulator.token,
            "namespaces": self._listed(),
        }
        if self.options.json:
            self._event("ready", **ready, pid=os.getpid(), store=shown_url(self.options.store))
            return
        print(f"KV Lens emulator at {emulator.url} for {self.project.path}")
        print(f"  store  {shown_url(self.options.store)}")
        print(f"  REST   {emulator.rest}")
        print(f"  token  {emulator.token}")
        for namespace in self._listed():
            print(f"  {namespace['binding']}  {namespace['id']}")
        if not self.project.namespaces:
            print("  no KV namespaces yet: add kv_namespaces to the config, they appear here")
        sys.stdout.flush()

    def _event(self, event: str, **fields: Any) -> None:
        print(json.dumps({"event": event, **fields}), flush=True)

    def _log(self, level: str, message: str) -> None:
        if self.options.json:
            self._event("log", level=level, message=message)
        else:
            print(f"{level}: {message}", file=sys.stderr, flush=True)

    def _changed(self, namespace: str) -> None:
        if self.options.json:
            self._event("changed", id=namespace)

    # what is followed -----------------------------------------------------------------------

    async def _follow(self) -> None:
        state = getattr(self.store, "state", None)
        async for paths in follow(self.project, self.stop, state=state and state / DATABASES):
            # Nothing is told of what changed before the watching began.
            for path in sorted(paths) if paths else [self.project.path, *self._seed_files()]:
                if path == self.project.path:
                    self._config_changed()
                else:
                    await self._seed_changed(path)
            for namespace in self.store.poll():
                self.emulator.changed(namespace)

    def _config_changed(self) -> None:
        try:
            changed = self.project.reload()
        except ConfigError as error:
            self._log("warning", f"{error}; the namespaces known so far stay")
            return
        if changed:
            self.emulator.set_namespaces(self._bindings())
            if self.options.json:
                self._event("namespaces", namespaces=self._listed())
            else:
                self._log("info", "namespaces: " + ", ".join(n["binding"] for n in self._listed()))

    async def _look_at_keys(self) -> None:
        """Look at every namespace once: from then on the store tells what others change in it."""
        for namespace in self.emulator.namespaces:
            try:
                await self.store.list(namespace, limit=1)
            except StoreError as error:
                self._log("error", str(error))

    def _remember_seeds(self) -> None:
        """Know the seed files as they are, so that a later save shows what changed in them."""
        for path in self._seed_files():
            with contextlib.suppress(FileError):
                self.seeds[path] = read(path, time.time(), self.options.compat).items

    def _seed_files(self) -> list[Path]:
        return sorted((self.project.folder / SEEDS).glob("*.json"))

    async def _seed_changed(self, path: Path) -> None:
        """Put again what changed in a seed file; keys that it does not name are left alone.

        Of a file that is new only the keys that are not there yet are put.
        """
        seeded = self.project.seeded_by(path)
        if seeded is None:
            return
        try:
            items = read(path, time.time(), self.options.compat).items
            before = self.seeds.get(path)
            changed = changed_items(before or [], items)
            writes = to_writes(changed, time.time(), self.options.compat)
            if before is None:
                planned = await plan(self.store, seeded.id, writes)
                absent = {change.key for change in planned if change.kind == "new"}
                writes = [write for write in writes if write.key in absent]
            self.seeds[path] = items
            if not writes:
                return
            await apply(self.store, seeded.id, writes)
        except FileError as error:
            self._log("error", f"{error}; nothing of it was written")
        except StoreError as error:
            self._log("error", str(error))
        else:
            self._log("info", f"{path.name}: {counted(len(writes), 'key')} put in {seeded.binding}")
            self.emulator.changed(seeded.id)

    def _bindings(self) -> dict[str, str]:
        return {namespace.id: namespace.binding for namespace in reversed(self.project.namespaces)}

    def _listed(self) -> list[dict[str, str]]:
        found = [{"binding": n.binding, "id": n.id} for n in self.project.namespaces]
        return [one for index, one in enumerate(found) if one not in found[:index]]


COMMAND = Command(
    "Run the emulator alone.\n"
    "Serves the project's KV namespaces on loopback, to requests with its token, and follows the "
    "config and the seed files. Ctrl+C stops it.",
    _serve,
    _options,
    (),
    ("kvlens serve", "kvlens serve --port 8800 --store memory: --json"),
    {0: "stopped", 1: "an internal error", 2: "wrong use, or it cannot start"},
)
