"""Set-up, packaging and running: what the Makefile calls. Standard library only."""
