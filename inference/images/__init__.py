"""Reads pictures from untrusted files.

Other packages use `decoding.decode`, `memory_budget.MemoryBudget` and `fingerprints.fingerprint`.
"""
