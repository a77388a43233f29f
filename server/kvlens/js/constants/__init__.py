"""The constant values of expressions: literals, variables, members, operators and calls.

`evaluator` evaluates an expression with the other modules, `values` is what they return.
What may hold env or a namespace is in `flow`.
"""
