"""What messages mean, and what is answered. Imports no chat platform and no game.

`Router` takes messages and pressed buttons of any platform. `ClassifyHandler`, `AlbumCollector` and
`Preferences` handle them; `PhotoJobs` asks the workers; `bot.chat.answers` tells what they answer.
"""
