"""What the server holds: users, chats and updates, the calls so far, and faults on demand."""
