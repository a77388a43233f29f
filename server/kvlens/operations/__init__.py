"""What can be done with keys and namespaces, one file for each operation.

    target          which namespace: the one resolver, for the shell, the editor and tests
    errors          "not found", "which one do you mean" and other errors that name the way out
    put, get, …     a function each: takes a Target or a Scope and plain arguments

No printing, no JSON-RPC and no argparse: `cli` and `lsp` parse, call an operation, and render.
"""
