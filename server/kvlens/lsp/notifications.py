"""Notifications to the client; schema.py has their parameters."""

CHANGED = "kvlens/changed"
HISTORY = "kvlens/history"
STATUS = "kvlens/status"
WORKER = "kvlens/worker"
OUTPUT = "kvlens/output"
