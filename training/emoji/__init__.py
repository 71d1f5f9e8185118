"""Emoji: fetched drawings, names and keywords."""
