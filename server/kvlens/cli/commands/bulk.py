"""Put, get and delete many keys from one file.

Section: Keys
"""
