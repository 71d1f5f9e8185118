"""The queue that `clipbot run` connects to or starts, and the programs that run beside it."""
