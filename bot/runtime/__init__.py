"""What any part of the bot may use: time, retries, locks, HTTP, metrics. Knows no other room."""
