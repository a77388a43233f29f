"""Problems and their fixes: rules, their registry, suppressions, and the checks of each file type.

A rule is one file in `config`, `js` or `seeds`; what several rules share is here. Nothing here
prints, speaks LSP or opens a store.
"""
