"""`python -m clipbot_playground.botapi` starts the Bot API server on its own."""

from clipbot_playground.botapi.server import main

main()
