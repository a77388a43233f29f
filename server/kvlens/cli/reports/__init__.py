"""Reports of `kvlens check`: a module for each format, and what they share.

Only texts about checked files. What is checked is decided in `commands/check.py`.
"""
