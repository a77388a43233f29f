"""Random input for whatever reads text of others: `python -m tests.fuzz`, see `table`."""
