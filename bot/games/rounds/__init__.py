"""Rounds under way: stepped, stored, shown, and judged by the workers."""
