"""What the store is built on: the connection, the tables, and what all its parts share."""
