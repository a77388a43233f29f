"""The filter language of the table of keys, and the kinds of values that it can name.

`language.py` reads a filter, `tokens.py` lists its tokens for people, `kinds.py` detects what a
value is. No store, and no protocol: a filter only answers whether a key matches.
"""
