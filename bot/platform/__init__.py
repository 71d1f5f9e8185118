"""What the bot knows of chat platforms: what comes from one, and what one must be able to do.

`incoming` has messages and pressed buttons, `models` what is asked and stored, `ports` the
interface that an adapter such as `bot.telegram.platform` implements.
"""
