"""A second chat platform that is made up: an adapter, and a test that runs it beside Telegram."""
