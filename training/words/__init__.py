"""Words: what captions are made of, and how people type them."""
