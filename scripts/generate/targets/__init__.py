"""What is generated, one file each: `write(tree)` changes the texts that it is about."""
