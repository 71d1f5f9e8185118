"""`clipbot playground`: the bot in a local web page, and the Bot API server behind it.

cli, launcher   the command; starts page, Bot API server, bot, queue and worker
page            a chat client in the browser
botapi          a Bot API server for tests of any bot; imports nothing of clipbot
"""
