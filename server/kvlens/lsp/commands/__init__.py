"""Commands for `workspace/executeCommand`, one file each: snapshot_save.py is
`kvlens.snapshotSave`.

A command reads its parameters, calls an operation, and returns JSON. Only commands, without any
logic for keys.
"""
