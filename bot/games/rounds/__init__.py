"""Running rounds: stepped, stored, shown, and judged by the workers."""
