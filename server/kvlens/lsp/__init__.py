"""The language server: one file per feature, and the commands. Only here is LSP spoken.

A feature parses the request, calls what does the work, and renders the answer. What KV, configs
or code mean is decided below.
"""
