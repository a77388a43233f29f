"""Convert a config to another language.

Section: Project
"""
