"""A faster path through pygls: the parts of pygls and lsprotocol that are replaced, and why.

Each file replaces one part, and knows nothing of Workers KV:

- `lazy_types.py`, the import of `lsprotocol.types`: builds each of its 554 classes on first use,
  instead of all of them at the start.
- `converter.py`, pygls' converter: generates the conversion of each class on first use.
- `transport.py`, `LanguageServer.start_io`: reads messages in the event loop instead of asking a
  thread pool for every line. Also ours: limits on sizes, and the end with the editor.
- `protocol.py`, documents and notifications: hands edits to plain functions, as JSON. Also ours:
  what the state of a session allows.
- `messages.py` replaces nothing: it checks what a client sends before anything acts on it.

`make bench` (topic `fast-path`) measures the gain in one run: FIGURES.

To go back to plain pygls, set KVLENS_PLAIN_PYGLS=1 (`switch.py`). The server then derives from
`lsp/plain_pygls.py`, and has everything except the checks and limits named above. To go back for
good, delete this package and import that one in `lsp/server.py`.
"""
