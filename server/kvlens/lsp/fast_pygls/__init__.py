"""A faster path through pygls: the parts of pygls and lsprotocol that are replaced, and why.

Each file replaces one part. None of them knows Workers KV:

- `lazy_types.py`, the import of `lsprotocol.types`: builds each of its 554 classes on first use
  instead of all of them at the start.
- `converter.py`, pygls' converter: generates the conversion of each class on first use.
- `transport.py`, `LanguageServer.start_io`: reads messages in the event loop instead of asking a
  thread pool for every line. It also adds limits, and ends with the editor.
- `protocol.py`, pygls' documents and notifications: hands edits to plain functions, as JSON. It
  also refuses what the state of a session doesn't allow.
- `messages.py` replaces nothing: it checks what a client sends before anything acts on it.

The gain, as measured by `python -m tests.bench fast-path` (with and without it in one run): the
server starts 2.5 times as fast, and answers a keystroke in a file of 60 lines 1.7 times as fast
(0.9 against 1.5 ms). In 2,000 lines, where the check itself dominates, it is 1.2 times as fast.

To go back to plain pygls, set KVLENS_PLAIN_PYGLS=1 (`switch.py`): the server then derives from
`lsp/plain_pygls.py`, and lacks only the checks and limits named above. To go back permanently,
import that module in `lsp/server.py` and delete this package.
"""
