"""The tables, as SQLAlchemy sees them.

To change one, add a migration to `migrations/versions` and name it in `database.NEWEST_REVISION`.

Times are Unix seconds. Ids have up to 52 significant bits on Telegram (Bot API), 63 on Discord:
BigInteger. Ids are unique only within their platform, so every key begins with the platform.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()


def _platform() -> Column[str]:
    """Return the first column of each key, for example `telegram`."""
    return Column("platform", String(16), primary_key=True)


def _id(name: str, attribute: str | None = None) -> Column[int]:
    """Return an id that is part of the key; `attribute` is its name in code if that differs."""
    return Column(name, BigInteger, primary_key=True, autoincrement=False, key=attribute or name)


people = Table(
    "people",
    metadata,
    _platform(),
    _id("user_id"),
    Column("language", String(8)),
    Column("labels", Text),  # JSON list, in order
    Column("template", Text),
    Column("hints", Text),  # JSON list of the hints that the person was given, each once
)

# One row for each question put to the workers; the row is the delivery record of its job.
jobs = Table(
    "jobs",
    metadata,
    _platform(),
    Column("id", String(96), primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("serial", BigInteger, nullable=False),  # the revision of the message
    Column("user_id", BigInteger, nullable=False),
    Column("language", String(8), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("media", LargeBinary, nullable=False),  # msgpack list of Media
    Column("created_at", Float, nullable=False),
    Column("noticed_at", Float),  # when the person was told that it takes long
    Column("delivered_at", Float),  # when the platform took the answer, or it became pointless
    Column("labels", Text),  # JSON list, in order; None: stored by an older clipbot
    Column("template", Text),
    Column("queue", String(64)),  # when the jobs stream that took it was made
    Column("outcome", LargeBinary),  # msgpack of the answer's numbers, for buttons under it
    Column("copy_id", BigInteger),  # our message that repeats the answer as text
    Column("cancelled_by", BigInteger),  # the message that took the question back
    Index("jobs_by_message", "platform", "chat_id", "message_id", "serial"),
    Index("jobs_by_user", "platform", "user_id", "delivered_at"),
    Index("jobs_by_age", "created_at"),
    Index("jobs_open", "platform", "delivered_at", "created_at"),
)

# Which message of ours answers which message of theirs: an edit of theirs edits ours, and a reply
# to ours is about theirs.
answers = Table(
    "answers",
    metadata,
    _platform(),
    _id("chat_id"),
    _id("message_id"),
    Column("answer_id", BigInteger, nullable=False),
    Column("is_chart", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("answers_by_answer", "platform", "chat_id", "answer_id"),
)

# Our questions for labels, and the pictures that each is about.
questions = Table(
    "questions",
    metadata,
    _platform(),
    _id("chat_id"),
    _id("question_id"),
    Column("user_id", BigInteger, nullable=False),
    Column("media", LargeBinary, nullable=False),
    Column("is_open", Integer, nullable=False),  # 0: answered or cancelled; a reply still works
    Column("created_at", Float, nullable=False),
    Column("phrases", Text),  # of an offer to sort first frames, as typed; None: not an offer
    Index("questions_by_user", "platform", "chat_id", "user_id"),
)

# Albums arrive as separate messages; `due_at` is when the last one has probably come.
albums = Table(
    "albums",
    metadata,
    _platform(),
    _id("chat_id"),
    Column("group_id", String(64), primary_key=True),
    Column("due_at", Float),  # None: nothing new since it was last handled
    Column("serial", BigInteger, nullable=False),  # the album's revision, see `StoredAlbum`
    Column("asking_id", BigInteger),  # the item that we answer, once we did
    Column("created_at", Float, nullable=False),
    Index("albums_by_due", "platform", "due_at"),
)

album_items = Table(
    "album_items",
    metadata,
    _platform(),
    _id("chat_id"),
    Column("group_id", String(64), primary_key=True),
    _id("message_id"),
    Column("user_id", BigInteger, nullable=False),
    Column("message", LargeBinary, nullable=False),  # the platform's message as JSON
)

# The one bot on each platform that has these messages: the same ids of another bot mean others.
owner = Table(
    "owner",
    metadata,
    _platform(),
    Column("bot_id", BigInteger, nullable=False),
)

# Updates whose handler is done, for the short time in which the queue may bring them again.
handled = Table(
    "handled",
    metadata,
    _platform(),
    Column("update_key", String(64), primary_key=True),  # Telegram: update_id in decimal
    Column("at", Float, nullable=False),
)

# Running rounds of games: one for each chat, or for each topic of a forum. The row is deleted
# when all has been shown.
rounds = Table(
    "rounds",
    metadata,
    _platform(),
    _id("chat_id"),
    _id("thread_id"),  # 0: no topic
    Column("home_id", BigInteger, nullable=False),  # the group or server that gets the points
    Column("round_id", BigInteger, nullable=False),  # the message or the press that started it
    Column("state", LargeBinary, nullable=False),  # as its game encodes it
    Column("display", LargeBinary, nullable=False),  # msgpack of Display
    Column("chart", LargeBinary),  # waits to be shown
    Column("created_at", Float, nullable=False),
)

# What one round gave one player; it can't give it a second time. `chat_id` is that of the home.
scores = Table(
    "scores",
    metadata,
    _platform(),
    _id("chat_id", "home_id"),
    _id("round_id"),
    _id("user_id"),
    Column("game", String(32), nullable=False),
    Column("points", Integer, nullable=False),
    Column("place", Integer, nullable=False),  # 1 to 3: a medal
    Column("at", Float, nullable=False),
    Index("scores_by_time", "platform", "home_id", "at"),
    Index("scores_by_user", "platform", "user_id"),
)

# Who played in a home, under the names that they used last.
players = Table(
    "players",
    metadata,
    _platform(),
    _id("chat_id", "home_id"),
    _id("user_id"),
    Column("name", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("streak", Integer, nullable=False),  # rounds right in a row
    Column("best_streak", Integer, nullable=False),
    Index("players_by_user", "platform", "user_id"),
)

# People who do not want to be seen in leaderboards.
hidden = Table(
    "hidden",
    metadata,
    _platform(),
    _id("user_id"),
)

# What the admins of a home chose for its games.
game_settings = Table(
    "game_settings",
    metadata,
    _platform(),
    _id("chat_id", "home_id"),
    Column("pace", Float, nullable=False),  # factor on the usual length of a round
    Column("language", String(8)),  # None: that of the person who starts a round
    Column("labels", Integer, nullable=False),
    Column("admins_only", Integer, nullable=False),
)

# Labels that a person keeps under a name.
label_sets = Table(
    "label_sets",
    metadata,
    _platform(),
    _id("user_id"),
    Column("key", String(64), primary_key=True),  # the name without case
    Column("name", String(64), nullable=False),
    Column("tag", String(16), nullable=False),  # names the set in buttons, also once it is renamed
    Column("labels", Text, nullable=False),  # JSON list, in order
    Column("created_at", Float, nullable=False),
)

# Sets that were shared by a link, as they were then.
shared_sets = Table(
    "shared_sets",
    metadata,
    _platform(),
    Column("token", String(32), primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("tag", String(16), nullable=False),  # of the set in `label_sets`
    Column("labels", Text, nullable=False),  # JSON list, in order
    Column("created_at", Float, nullable=False),
    Index("shared_sets_by_user", "platform", "user_id"),
)

# Labels for the next picture that a person sends to a chat. `chosen_id` is the message that chose
# them, and `used_by` the message with that picture.
next_labels = Table(
    "next_labels",
    metadata,
    _platform(),
    _id("chat_id"),
    _id("user_id"),
    Column("labels", Text, nullable=False),  # JSON list, in order
    Column("chosen_id", BigInteger, nullable=False),
    Column("used_by", BigInteger),
    Column("created_at", Float, nullable=False),  # by the platform's clock
)

# What is known of each group or server.
homes = Table(
    "homes",
    metadata,
    _platform(),
    _id("home_id"),
    Column("labels", Text),  # JSON list, in order: what its admins chose for everybody
    Column("greeted_at", Float),
    Column("removed_at", Float),  # when the bot was removed; None while it is there
)
