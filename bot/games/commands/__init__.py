"""What people do with games: commands, replies to boards, and pressed buttons."""
