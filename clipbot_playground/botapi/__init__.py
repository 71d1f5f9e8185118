"""A Bot API server on loopback, for tests of any bot and for clipbot's playground.

    server, __main__   the server, as a class and as a command
    fixture            a pytest plugin with the fixture `bot_api_server`
    people             people who send, edit and press, moved by a test
    state              users, chats, updates and files; every call of the bot; errors on demand
    methods            the methods of the Bot API
    model              messages, chats, media and entities as Telegram describes them
    delivery           getUpdates, webhooks and HTTP

Others may use `server`, `people`, `fixture` and what these return: see docs/bot-api-server.md.
"""
