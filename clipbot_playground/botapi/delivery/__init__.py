"""How updates reach the bot: getUpdates and webhooks, over HTTP on loopback."""
