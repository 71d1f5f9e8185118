"""What people are told: results, what the wait is about, and what was lost.

Everything here that answers a chat takes its lock first, so that answers come in order.
"""
