"""The history of keys: every change that passes through us, with who, when, before and after.

`RecordingStore` wraps a project's store and is the one place where changes are recorded. Nothing
here decides what to do with the history: see `kvlens.operations.history` for that.
"""
