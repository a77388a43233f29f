"""One folder's config, seeds, store, emulator and Worker, following the files on disk.

Watching and what follows from a change. No LSP and no printing: `lsp` and `cli` listen here.
"""
