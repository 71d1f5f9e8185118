"""Alembic's numbered steps from an empty database to today's tables.

Imported only if a database has to be migrated: most starts need neither Alembic nor its 7 MB.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to those of a revision, in the connection's transaction.

    Raises:
        ValueError: the tables are of a revision that is not known here, as a newer clipbot's are.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise ValueError(f"its tables are those of another version ({error})") from error
