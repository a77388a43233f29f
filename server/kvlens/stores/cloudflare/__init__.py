"""The store `cloudflare:`: the client and its errors.

Imported only when such a store is opened: the package `cloudflare` is optional.
"""
