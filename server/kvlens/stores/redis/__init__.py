"""The stores `redis:` and `rediss:`, a server or a cluster: the client, its scripts, its errors.

Imported only when such a store is opened: the package `redis` is optional.
"""
