"""`kvlens serve` for a benchmark: the process that the extension starts."""

from __future__ import annotations

import json
import os
import socket as socketlib
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from kvlens.process import own_command


class Serving(NamedTuple):
    """The addresses of a running emulator."""

    url: str
    token: str
    address: str  # for workerd: a Unix socket if possible, as in `kvlens dev`


def project(folder: Path, ns: str) -> None:
    """Make a project with one namespace, bound to `KV`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wrangler.toml").write_text(
        f'name = "bench"\ncompatibility_date = "2026-04-01"\n'
        f'kv_namespaces = [{{ binding = "KV", id = "{ns}" }}]\n',
        encoding="utf-8",
    )


@contextmanager
def serve(
    folder: Path, store: str, ns: str, environment: Mapping[str, str] = {}
) -> Iterator[Serving]:
    """Serve the namespace `ns` of a project made in `folder`, with more environment variables."""
    project(folder, ns)
    socket = folder / "emulator.sock"
    has_sockets = hasattr(socketlib, "AF_UNIX") and os.name != "nt"
    words = ["serve", "--json", "--lifeline", "--store", store, "--compat", "workerd"]
    process = subprocess.Popen(
        own_command(*words, *(["--socket", str(socket)] if has_sockets else [])),
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        address = f"unix:{socket}" if has_sockets else ready["url"]
        yield Serving(ready["url"], ready["token"], address)
    finally:
        process.stdin.close()
        process.wait(30)
