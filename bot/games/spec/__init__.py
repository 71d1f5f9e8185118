"""What a game is made of: its `GameSpec`, its texts, and the bot's own phrases to play with."""
