"""Random input for all parsers of untrusted text: `python -m tests.fuzz`, see `table`."""
