"""Setup, packaging and running, for the Makefile. Standard library only."""
