"""What people are told: results, why they have to wait, and what was lost.

Everything here that answers a chat first takes the chat's lock, so that answers come in order.
"""
