"""The demo model: architecture, tokenizer and exported files."""
