"""Write what documents and the extension's manifest repeat of the Python tables.

`python -m scripts.generate` writes; with `--check` it prints the difference and exits with 1. What
is written is a file in `targets/`, each with a `write`.
"""
