"""The errors of KV Lens. Each class is defined where it is raised; this is the whole tree:

KVLensError                      errors.py
├── BaselineError                lint/baseline.py
├── CancelledError               seeds/progress.py
├── ChildError                   lsp/subprocesses.py
├── CommandError                 cli/frame.py
│   ├── InterruptedCommandError  cli/frame.py
│   ├── MistakesError            cli/common.py
│   └── UsageError               cli/frame.py
├── ConfigError                  config/find.py
├── EmulatorError                emulator/server.py
├── FileError                    seeds/array.py
│   └── SeedError                seeds/file.py
├── FileRefusedError             files.py, also OSError
├── FilterError                  search/language.py
├── KVError                      kv/errors.py
│   ├── KVSyntaxError            kv/errors.py, also ValueError
│   └── KVTypeError              kv/errors.py, also TypeError
├── NotTextError                 text.py
├── OperationError               operations/errors.py
│   ├── ConflictError            operations/errors.py
│   ├── ExistsError              operations/errors.py
│   ├── FilesError               operations/errors.py
│   ├── InvalidError             operations/errors.py
│   └── NotFoundError            operations/errors.py
│       └── BindingNotFoundError api.py
├── RequestError                 errors.py
│   ├── ArgumentError            emulator/arguments.py, also ValueError
│   ├── BodyError                emulator/json_body.py, also ValueError
│   │   └── NotJsonError         emulator/json_body.py
│   ├── MultipartError           emulator/multipart.py, also ValueError
│   ├── ParamsError              lsp/command.py
│   ├── RefusalError             lsp/fast_pygls/messages.py
│   ├── RequestRefusedError      worker/framing.py
│   └── RestError                emulator/rest.py
├── SlowExpressionError          search/forms.py
├── SnapshotError                seeds/snapshots.py
│   ├── SnapshotAmbiguousError   seeds/snapshots.py
│   ├── SnapshotExistsError      seeds/snapshots.py
│   └── SnapshotMissingError     seeds/snapshots.py
├── SourceError                  js/files.py
├── StoreError                   stores/base.py
│   ├── ChangedError             stores/base.py
│   ├── DamagedError             stores/wrangler/journal.py
│   ├── DamagedKeyError          stores/base.py
│   ├── MissingPackageError      stores/base.py
│   ├── NamespaceUnreadableError seeds/snapshots.py
│   └── UnfinishedError          stores/wrangler/commit.py
├── Unavailable                  js/grammar.py
└── WorkerError                  worker/errors.py
    ├── BindingNotFoundError     api.py
    ├── BuildError               worker/errors.py
    │   └── StartError           worker/errors.py
    ├── FieldError               worker/fields.py
    └── MissingProgramError      worker/errors.py

InternalError                    errors.py
├── BadExpressionError           search/forms.py
├── FullError                    history/ahead.py
├── ImportRefusedError           worker/imports.py
├── StagedError                  stores/wrangler/staged.py
├── TooLargeTreeError            js/grammar.py
├── TooMuchError                 config/limits.py
├── TooSlowError                 js/grammar.py
└── UnusualError                 stores/wrangler/search.py

Errors for users derive from `KVLensError`; an `InternalError` never leaves the part that raises it.
Any other exception is a bug in KV Lens: see `kvlens.internal`.
"""

from __future__ import annotations


class KVLensError(Exception):
    """Something can't be done. The text says what is wrong, where, and what to do about it."""


class RequestError(KVLensError):
    """A server refuses a request. The text goes into the response."""


class InternalError(Exception):
    """A signal between the functions of one part, which catches it."""
