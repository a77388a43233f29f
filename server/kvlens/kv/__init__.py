"""Workers KV without a server: limits, validation, the runtime's errors, the namespace object.

What the service accepts and returns, and the clock. No files, network or stores.
"""
