"""What Telegram knows: users, chats, messages, media, files, and the limits of the Bot API."""
