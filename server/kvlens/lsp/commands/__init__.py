"""Commands for `workspace/executeCommand`: one file each, found through `registry`.

A command reads its parameters, calls what does the work, and returns JSON. No work on keys here.
"""
