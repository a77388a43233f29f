"""KV Lens: Workers KV checked, served and seen, from an editor, a shell and tests."""

__version__ = "0.1.0"
