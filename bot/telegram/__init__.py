"""The adapter for Telegram, the only folder that imports python-telegram-bot.

`incoming` parses updates, `platform` sends and edits, `polling` or `webhook` receives, `connection`
logs in. Only `bot.app` builds them.
"""

import sys

# PTB imports httpx, which imports its command line with rich and pygments (3 MB) unless that is
# missing.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
