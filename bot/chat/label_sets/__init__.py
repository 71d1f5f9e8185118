"""Label sets: labels under a name, which people keep, use as `#name`, share and find ready-made.

`finder` says which labels a text means, `commands` and `presses` are `/labels` and its buttons,
`sharing` opens links, and `inline` is what the bot offers in other chats.
"""
