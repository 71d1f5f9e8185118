"""The methods of the Bot API, by what they do. `table` lists all of them."""
