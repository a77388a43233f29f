"""Generate parts of documents and of the extension's manifest from the Python tables.

`python -m scripts.generate` writes; with `--check` it prints the difference and exits with 1. Each
file in `targets/` has a `write`.
"""
