"""The web page of `clipbot playground`: a chat client in front of the Bot API server."""
