"""List, get, undo and restore what has changed.

Section: Data
"""
