"""What people see in a chat: photos, albums, questions, preferences."""
