"""Pictures: drawn shapes, grounds, and what happens to a photo."""
