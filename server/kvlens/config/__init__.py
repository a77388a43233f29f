"""A Worker's config: find the file, scan it, read its tables and model, and edit it.

Only wrangler's config files. Rules are in `lint`, access to keys is in `stores`.
"""
