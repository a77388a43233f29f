"""Seeds as code: seed files read, planned and applied; exports and snapshots of a store.

    file, keys      a seed file, or a file of key names -> items, or every mistake with its index
    plan, apply     items -> writes, what they would change; writes -> store, with progress
    export, move    store -> seed file; the keys of one namespace -> another
    snapshots       all of a project's namespaces at one point in time: save, compare, restore

No printing, no LSP and no rule codes: problems are returned with their spans.
"""
