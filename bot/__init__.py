"""The chat side of clipbot: updates in, jobs out, results in, replies out.

Nothing here imports torch, transformers or matplotlib; `make check` enforces it.
"""
