"""The commands of the shell, one file each: key_get.py is `kvlens key get`.

A file's docstring begins with its line in the overview; a group's file, such as key.py, has nothing
else. A command reads options, calls an operation, and prints. No logic for keys here.
"""
