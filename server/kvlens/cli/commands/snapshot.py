"""Save, list, diff and restore all namespaces.

Section: Data
"""
