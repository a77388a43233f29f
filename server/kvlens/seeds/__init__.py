"""Seeds as code: files of keys read, planned, applied, and written from a store.

file    a seed file -> items, or every mistake in it with its index
keys    a file of key names (bulk get, bulk delete)
plan    items -> writes; what they would change in a store; what changed between two versions
apply   writes -> store, with progress and cancel
export  store -> seed file, nothing lost
snapshots  all of a project's namespaces at one time: saved, compared, restored
"""
