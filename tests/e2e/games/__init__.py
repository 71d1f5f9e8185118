"""Games that people play in a group, from the command to the leaderboard."""
