"""A Worker's config: find the file, scan it, read its tables and model, and edit it.

Config files of wrangler and nothing else. Rules are in `lint`, code that reads keys in `stores`.
"""
