"""`python -m bot` is `clipbot`."""

from bot.cli import main

main()
