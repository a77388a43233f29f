"""`kvlens serve`: the emulator alone, following the project's files."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import time
from pathlib import Path

from kvlens.cli.common import counted, from_here
from kvlens.cli.events import Events
from kvlens.cli.frame import Command, Options
from kvlens.cli.serving import named_config, run_serving, serving_options
from kvlens.cli.terminal import one_line
from kvlens.config.find import SEEDS, ConfigError
from kvlens.config.model import Namespace
from kvlens.config.settled import keeps_namespaces, settled
from kvlens.emulator.server import Emulator
from kvlens.seeds.apply import apply
from kvlens.seeds.array import FileError, short
from kvlens.seeds.file import SeedItem, read
from kvlens.seeds.plan import changed_items, part, to_writes
from kvlens.stores.base import StoreError
from kvlens.stores.registry import open_store, shown_url
from kvlens.workspace.project import Project, follow

NAMED = 10  # keys that a line of the log names
DATABASES = Path("kv", "miniflare-KVNamespaceObject")  # where a store on disk has its files


def _options(parser: argparse.ArgumentParser) -> None:
    serving_options(parser, env="all", port="0")
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

    def service(events: Events) -> _Service:
        return _Service(Project(named_config(options), options.env), options, events)

    return run_serving("serve", options, service)


class _Service:
    """One run: emulator and store, and what follows the files."""

    def __init__(self, project: Project, options: argparse.Namespace, events: Events) -> None:
        self.project = project
        self.options = options
        self.events = events
        self.stop = asyncio.Event()
        self.listening = False
        self.store = open_store(from_here(options.store), project.folder)
        self.emulator = Emulator(self.store, self._bindings(), compat=options.compat)
        self.seeds: dict[Path, list[SeedItem]] = {}

    async def serve(self) -> None:
        self._remember_seeds()
        options = self.options
        await self.emulator.start(options.host, options.port or 0, unix=options.socket)
        self.listening = True
        self.emulator.on_change(self._changed)
        self._announce()
        await self._look_at_keys()
        await self._follow()

    async def close(self) -> None:
        await self.emulator.close()
        if self.options.socket is not None and self.listening:
            self.options.socket.unlink(missing_ok=True)
        await self.store.close()

    def interrupt(self) -> None:
        """Nothing here goes on for long."""

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
            store = shown_url(self.options.store)
            self.events.event("ready", is_state=True, **ready, pid=os.getpid(), store=store)
            return
        say = self.events.text
        say(f"KV Lens emulator at {emulator.url} for {self.project.path}")
        say(f"  store  {shown_url(self.options.store)}")
        say(f"  REST   {emulator.rest}")
        say(f"  token  {emulator.token}")
        for namespace in self._listed():
            say(f"  {one_line(namespace['binding'])}  {one_line(namespace['id'])}")
        if not self.project.namespaces:
            say("  no KV namespaces yet: add kv_namespaces to the config, they appear here")

    def _log(self, level: str, message: str) -> None:
        self.events.log(level, message)

    def _changed(self, namespace: str) -> None:
        if self.options.json:
            self.events.event("changed", id=namespace)

    # what is followed -----------------------------------------------------------------------

    async def _follow(self) -> None:
        state = getattr(self.store, "state", None)
        async for paths in follow(self.project, self.stop, state=state and state / DATABASES):
            # Nothing is told of what changed before the watching began.
            for path in sorted(paths) if paths else [self.project.path, *self._seed_files()]:
                try:
                    await self._file_changed(path)
                except Exception as error:
                    self.events.unexpected(error)
            for namespace in self.store.poll():
                self.emulator.changed(namespace)

    async def _file_changed(self, path: Path) -> None:
        if path == self.project.path:
            await self._config_changed()
        else:
            await self._seed_changed(path)

    async def _config_changed(self) -> None:
        await settled(self.project.path, keeps_namespaces(self.project.config))
        try:
            changed = self.project.reload()
        except ConfigError as error:
            self._log("warning", f"{error}; the namespaces known so far stay")
            return
        if changed:
            self.emulator.set_namespaces(self._bindings())
            if self.options.json:
                self.events.event("namespaces", is_state=True, namespaces=self._listed())
            else:
                self._log("info", "namespaces: " + ", ".join(n["binding"] for n in self._listed()))

    async def _look_at_keys(self) -> None:
        """Look at every namespace once: from then on the store tells what others change in it."""
        looks = [self.store.list(namespace, limit=1) for namespace in self.emulator.namespaces]
        for look in asyncio.as_completed(looks):  # a locked one delays no other
            try:
                await look
            except StoreError as error:
                self._log("error", str(error))

    def _remember_seeds(self) -> None:
        """Know the seed files as they are, so that a later save shows what changed in them."""
        for path in self._seed_files():
            with contextlib.suppress(FileError):
                self.seeds[path] = read(path, time.time()).items

    def _seed_files(self) -> list[Path]:
        return sorted((self.project.folder / SEEDS).glob("*.json"))

    async def _seed_changed(self, path: Path) -> None:
        """Put again what changed in a seed file; keys that it does not name are left alone.

        So are keys that something else has changed since the file had them, and of a file that
        is new all keys that are there; the ones that differ are told.
        """
        seeded = self.project.seeded_by(path)
        if seeded is None:
            return
        try:
            items = read(path, time.time()).items
            before = self.seeds.get(path, [])
            changed = to_writes(changed_items(before, items), time.time())
            writes, kept = await part(self.store, seeded.id, changed, before)
            await apply(self.store, seeded.id, writes)
            self.seeds[path] = items
        except FileError as error:
            self._log("error", f"{error}; nothing of it was written")
        except StoreError as error:
            self._log("error", str(error))
        else:
            if writes:
                put = f"{counted(len(writes), 'key')} put in {seeded.binding}"
                self._log("info", f"{path.name}: {put}")
                self.emulator.changed(seeded.id)
            if kept:
                self._kept(path, seeded, kept)

    def _kept(self, path: Path, seeded: Namespace, keys: list[str]) -> None:
        """Tell which keys of a seed file were left as something else has made them."""
        named = ", ".join(map(short, keys[:NAMED]))
        more = f" and {len(keys) - NAMED:,} more" if len(keys) > NAMED else ""
        self._log(
            "warning",
            f"{path.name}: {counted(len(keys), 'key')} left as different in {seeded.binding}: "
            f"{named}{more}; kvlens seed overwrites them",
        )
        if self.options.json:
            binding, ns = seeded.binding, seeded.id
            self.events.event("kept", file=str(path), binding=binding, id=ns, keys=keys)

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
