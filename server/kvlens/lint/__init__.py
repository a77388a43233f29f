"""Problems and their fixes: rules, their registry, suppressions, and what is checked with what.

A rule is one file in `config`, `js` or `seeds`; what several rules share is here. Nothing here
prints, speaks LSP or opens a store.
"""
