"""Put, get, list and delete single keys.

Section: Keys
"""
