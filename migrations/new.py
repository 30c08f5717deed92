"""Draft the next migration from the difference between models and migrations: ``python -m migrations.new "verb noun"``.

Read the draft before committing it: Alembic sees neither data nor triggers.
"""

import sys

import sqlalchemy as sa
from alembic import command

from migrations.commands import config_for, head_revision, known_revisions, upgrade


def main() -> None:
    number = int(head_revision()) + 1 if known_revisions() else 1
    with sa.create_engine("sqlite://").connect() as connection:
        if known_revisions():
            upgrade(connection)
        command.revision(config_for(connection), message=sys.argv[1], autogenerate=True, rev_id=f"{number:04}")


if __name__ == "__main__":
    main()
