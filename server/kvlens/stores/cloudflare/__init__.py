"""The store `cloudflare:`: the client and its errors.

Imported when such a store is opened, since the package `cloudflare` is optional.
"""
