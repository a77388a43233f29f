"""List namespaces, move keys left under old names.

Section: Keys
"""
