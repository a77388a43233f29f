"""What the parameters of functions are: by type, by name, by place, or by what callers pass.

`parameter` says what a parameter is, with the other modules: what is passed where its function is
called by name, as a method, a constructor or a callback, and what the function's type says.
"""
