"""The stores `redis:` and `rediss:`, one server or a cluster: the client, its scripts, its errors.

Imported when such a store is opened, since the package `redis` is optional.
"""
