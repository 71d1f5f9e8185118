"""Several chat platforms in one database

What is there came from Telegram. Each table is made again with the platform in its key, and its
rows are copied: neither SQLite nor Alembic's batch mode changes an unnamed primary key in place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _remake(
        "people",
        _id("user_id"),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("labels", sa.Text(), nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        key=("user_id",),
    )
    _remake(
        "jobs",
        sa.Column("id", sa.String(length=96), nullable=False),
        _id("chat_id"),
        _id("message_id"),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        _id("serial"),
        _id("user_id"),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("media", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("noticed_at", sa.Float(), nullable=True),
        sa.Column("delivered_at", sa.Float(), nullable=True),
        sa.Column("labels", sa.Text(), nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("queue", sa.String(length=64), nullable=True),
        key=("id",),
    )
    op.create_index("jobs_by_message", "jobs", ["platform", "chat_id", "message_id", "serial"])
    op.create_index("jobs_by_user", "jobs", ["platform", "user_id", "delivered_at"])
    op.create_index("jobs_by_age", "jobs", ["created_at"])
    op.create_index("jobs_open", "jobs", ["platform", "delivered_at", "created_at"])
    _remake(
        "answers",
        _id("chat_id"),
        _id("message_id"),
        _id("answer_id"),
        sa.Column("is_chart", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        key=("chat_id", "message_id"),
    )
    op.create_index("answers_by_answer", "answers", ["platform", "chat_id", "answer_id"])
    _remake(
        "questions",
        _id("chat_id"),
        _id("question_id"),
        _id("user_id"),
        sa.Column("media", sa.LargeBinary(), nullable=False),
        sa.Column("is_open", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        key=("chat_id", "question_id"),
    )
    op.create_index("questions_by_user", "questions", ["platform", "chat_id", "user_id"])
    _remake(
        "albums",
        _id("chat_id"),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        _id("serial"),
        sa.Column("asking_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        key=("chat_id", "group_id"),
    )
    op.create_index("albums_by_due", "albums", ["platform", "due_at"])
    _remake(
        "album_items",
        _id("chat_id"),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        _id("message_id"),
        _id("user_id"),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        key=("chat_id", "group_id", "message_id"),
    )
    _remake("owner", _id("bot_id"), key=())
    _remake(
        "handled",
        sa.Column("update_key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        key=("update_key",),
        filled={"update_key": "CAST(update_id AS TEXT)"},
    )
    _remake(
        "rounds",
        _id("chat_id"),
        _id("thread_id"),
        _id("home_id"),
        _id("round_id"),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("display", sa.LargeBinary(), nullable=False),
        sa.Column("chart", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        key=("chat_id", "thread_id"),
        filled={"home_id": "chat_id"},
    )
    _remake(
        "scores",
        _id("chat_id"),
        _id("round_id"),
        _id("user_id"),
        sa.Column("game", sa.String(length=32), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        key=("chat_id", "round_id", "user_id"),
    )
    op.create_index("scores_by_time", "scores", ["platform", "chat_id", "at"])
    op.create_index("scores_by_user", "scores", ["platform", "user_id"])
    _remake(
        "players",
        _id("chat_id"),
        _id("user_id"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("best_streak", sa.Integer(), nullable=False),
        key=("chat_id", "user_id"),
    )
    op.create_index("players_by_user", "players", ["platform", "user_id"])
    _remake("hidden", _id("user_id"), key=("user_id",))
    _remake(
        "game_settings",
        _id("chat_id"),
        sa.Column("pace", sa.Float(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("admins_only", sa.Integer(), nullable=False),
        key=("chat_id",),
    )


def downgrade() -> None:
    raise NotImplementedError("rows of other platforms have no place in the older tables")


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _remake(
    name: str,
    *columns: sa.Column[int] | sa.Column[float] | sa.Column[str] | sa.Column[bytes],
    key: tuple[str, ...],
    filled: dict[str, str] | None = None,
) -> None:
    """Make a table again with `platform` in front of its key, and copy its rows.

    Args:
        filled: SQL for the columns that the old table does not have.
    """
    op.execute(f"CREATE TABLE {name}_old AS SELECT * FROM {name}")  # noqa: S608 - names from above
    op.drop_table(name)
    op.create_table(
        name,
        sa.Column("platform", sa.String(length=16), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("platform", *key),
    )
    given = {column.name: f'"{column.name}"' for column in columns} | (filled or {})
    targets = ", ".join(f'"{target}"' for target in given)
    op.execute(
        f"INSERT INTO {name} (platform, {targets}) "  # noqa: S608 - names from above
        f"SELECT 'telegram', {', '.join(given.values())} FROM {name}_old"
    )
    op.drop_table(f"{name}_old")
