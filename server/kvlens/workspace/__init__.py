"""One folder's config, seeds, store, emulator and Worker, following the files on disk.

File watching and the reactions to changes. No LSP and no printing: `lsp` and `cli` listen here.
"""
