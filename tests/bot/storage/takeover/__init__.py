"""What an older clipbot left behind: its database, and the messages in its queue."""
