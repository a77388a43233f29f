"""Tests in the real editor: the VS Code workbench, driven in a real browser."""
