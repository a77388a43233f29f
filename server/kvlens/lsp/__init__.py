"""The language server: one file per feature, and the commands. Only here is LSP spoken.

A feature parses the request, calls other packages, and renders the response. The logic of KV,
configs and code is in those packages.
"""
