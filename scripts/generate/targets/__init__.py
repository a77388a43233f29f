"""The generated texts, one file each: `write(tree)` updates them."""
