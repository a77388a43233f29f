"""How a project deploys its configs, as far as its files tell.

Rules ask here whether an id is meant as it is: in a test, a template, for local data, or filled in
by a script. No rules, and nothing that reports.
"""
