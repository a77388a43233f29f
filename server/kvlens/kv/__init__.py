"""Workers KV without a server: limits, validation, the runtime's errors, the namespace object.

What the service accepts and answers, and the clock. No file, network or store is opened here.
"""
