"""Label sets, homes, and what the buttons under an answer need"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("hints", sa.Text(), nullable=True))
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outcome", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("copy_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cancelled_by", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phrases", sa.Text(), nullable=True))
    op.create_table(
        "label_sets",
        _platform(),
        _id("user_id"),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("tag", sa.String(length=16), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "user_id", "key"),
    )
    op.create_table(
        "shared_sets",
        _platform(),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("tag", sa.String(length=16), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "token"),
    )
    op.create_index("shared_sets_by_user", "shared_sets", ["platform", "user_id"])
    op.create_table(
        "next_labels",
        _platform(),
        _id("chat_id"),
        _id("user_id"),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("chosen_id", sa.BigInteger(), nullable=False),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "chat_id", "user_id"),
    )
    op.create_table(
        "homes",
        _platform(),
        _id("home_id"),
        sa.Column("labels", sa.Text(), nullable=True),
        sa.Column("greeted_at", sa.Float(), nullable=True),
        sa.Column("removed_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("platform", "home_id"),
    )


def downgrade() -> None:
    for table in ("homes", "next_labels", "shared_sets", "label_sets"):
        op.drop_table(table)
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.drop_column("phrases")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("cancelled_by")
        batch_op.drop_column("copy_id")
        batch_op.drop_column("outcome")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_column("hints")


def _platform() -> sa.Column[str]:
    return sa.Column("platform", sa.String(length=16), nullable=False)


def _id(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
