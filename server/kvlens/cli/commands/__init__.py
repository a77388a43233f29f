"""The commands of the shell, one file each: key_get.py is `kvlens key get`.

A file's docstring begins with its line in the overview; that of a group, such as key.py, is all
that the file has. A command reads options, calls an operation, and prints. No work on keys here.
"""
