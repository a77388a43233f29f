"""Operations on keys and namespaces, one file each.

    target          finds the namespace, for the shell, the editor and tests
    errors          "not found", "which one do you mean" and others that say what to do
    put, get, …     one function each, which takes a Target or a Scope and plain arguments

No printing, no JSON-RPC and no argparse: `cli` and `lsp` parse, call an operation, and render.
"""
