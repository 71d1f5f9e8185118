"""The tables, as SQLAlchemy sees them. Changing one needs a migration in `migrations/versions`, the
newest of which `database` names.

Times are Unix seconds. Ids of chats and users have up to 52 significant bits (Bot API): BigInteger.
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

people = Table(
    "people",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("language", String(8)),
    Column("labels", Text),  # JSON list, in order
    Column("template", Text),
)

# One row for each question put to the workers; the row is the delivery record of its job.
jobs = Table(
    "jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("serial", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("language", String(8), nullable=False),
    Column("fingerprint", String(32), nullable=False),
    Column("media", LargeBinary, nullable=False),  # msgpack list of Media
    Column("created_at", Float, nullable=False),
    Column("noticed_at", Float),  # when the asker was told that it takes long
    Column("delivered_at", Float),  # when the platform took the answer, or it became pointless
    Column("labels", Text),  # JSON list, in order; None: stored by an older clipbot
    Column("template", Text),
    Column("queue", String(64)),  # when the jobs stream was made that it was put into
    Index("jobs_by_message", "chat_id", "message_id", "serial"),
    Index("jobs_by_user", "user_id", "delivered_at"),
    Index("jobs_by_age", "created_at"),
    Index("jobs_open", "delivered_at", "created_at"),
)

# Which message of ours answers which message of theirs: edits go there, replies come from there.
answers = Table(
    "answers",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("answer_id", BigInteger, nullable=False),
    Column("is_chart", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("answers_by_answer", "chat_id", "answer_id"),
)

# Our question for phrases, and the pictures it is about.
questions = Table(
    "questions",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("question_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("media", LargeBinary, nullable=False),
    Column("is_open", Integer, nullable=False),  # 0: answered or cancelled; a reply still works
    Column("created_at", Float, nullable=False),
    Index("questions_by_user", "chat_id", "user_id"),
)

# Albums arrive as separate messages; `due_at` is when the last one has probably come.
albums = Table(
    "albums",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("group_id", String(64), primary_key=True),
    Column("due_at", Float),  # None: nothing new since it was last taken up
    Column("serial", BigInteger, nullable=False),  # update id of the newest item
    Column("asking_id", BigInteger),  # the item that we answer, once we did
    Column("created_at", Float, nullable=False),
    Index("albums_by_due", "due_at"),
)

album_items = Table(
    "album_items",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("group_id", String(64), primary_key=True),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, nullable=False),
    Column("message", LargeBinary, nullable=False),  # the platform's message as JSON
)

# The one bot whose messages these are: ids of messages mean something else to another one.
owner = Table(
    "owner",
    metadata,
    Column("bot_id", BigInteger, primary_key=True, autoincrement=False),
)

# Updates whose handler is done, for the short time in which the queue may bring them again.
handled = Table(
    "handled",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
)

# Rounds of games under way: one for each chat, or for each topic of a forum. The row is gone when
# all has been shown.
rounds = Table(
    "rounds",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("thread_id", BigInteger, primary_key=True, autoincrement=False),  # 0: no topic
    Column("round_id", BigInteger, nullable=False),  # the message or the press that started it
    Column("state", LargeBinary, nullable=False),  # msgpack, see bot.games.rules.play
    Column("display", LargeBinary, nullable=False),  # msgpack of Display
    Column("chart", LargeBinary),  # waits to be shown
    Column("created_at", Float, nullable=False),
)

# What one round gave one player: a round can't give twice.
scores = Table(
    "scores",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("round_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("game", String(8), nullable=False),
    Column("points", Integer, nullable=False),
    Column("place", Integer, nullable=False),  # 1 to 3: a medal
    Column("at", Float, nullable=False),
    Index("scores_by_time", "chat_id", "at"),
    Index("scores_by_user", "user_id"),
)

# Who played in a chat, as they were called last.
players = Table(
    "players",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("streak", Integer, nullable=False),  # rounds of Beat CLIP right in a row
    Column("best_streak", Integer, nullable=False),
    Index("players_by_user", "user_id"),
)

# Who wants to stand in no leaderboard.
hidden = Table(
    "hidden",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
)

# What a group's admins chose for its games.
game_settings = Table(
    "game_settings",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("pace", Float, nullable=False),  # times the usual length of a round
    Column("language", String(8)),  # None: the starter's
    Column("labels", Integer, nullable=False),
    Column("admins_only", Integer, nullable=False),
)
