"""Write the keys of a file."""

from __future__ import annotations

import argparse

from kvlens.cli.common import (
    counted,
    find_target,
    namespace_options,
    print_json,
    print_warnings,
    run,
)
from kvlens.cli.frame import Argument, Command, Options
from kvlens.cli.keys import file_text, metadata_of, time_options
from kvlens.cli.terminal import one_line
from kvlens.operations.seed import Defaults, read_job, write


def _options(parser: argparse.ArgumentParser) -> None:
    time_options(parser)
    namespace_options(parser)


def _put(options: Options) -> int:
    file = options.words[0]
    defaults = Defaults(metadata_of(options), options.expiration, options.ttl)
    target = find_target(options)
    now = run(target.scope, target.scope.time())
    job = read_job(target, file_text(file), now, name=file, defaults=defaults)
    print_warnings([f"warning: {line}" for line in job.warnings], job.warning_count)
    written = run(target.scope, write(job))
    if options.json:
        print_json({"id": target.id, "written": written})
    else:
        print(f"Wrote {counted(written, 'key')} to {one_line(target)}.")
    return 0


COMMAND = Command(
    "Write the keys of a file, all or none.\n"
    "--ttl, --expiration and --metadata apply to items that don't set their own.",
    _put,
    _options,
    (Argument("FILE", 'a JSON array of {"key", "value", …}; - is standard input'),),
    ("kvlens bulk put seeds/SESSIONS.json --binding SESSIONS",),
    {1: "nothing was written"},
)
