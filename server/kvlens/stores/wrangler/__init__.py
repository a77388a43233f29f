"""The store `wrangler:` on Miniflare's disk format, shared with `wrangler dev`.

SQLite rows, value files, journals and safe paths in the state folder. Nothing outside this package
knows the format.
"""
