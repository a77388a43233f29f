"""A config as a document: its values in order, with the comments around each of them.

To convert it from one language to another. Readers and writers of TOML and JSON are here; the
reader of code is in `js`. No rules about what a config may contain.
"""
