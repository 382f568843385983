"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "doomed_keys",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_api_keys_account_name", "api_keys", ["account_id", "name"], unique=False)
    op.create_index(("ix_api_keys_lookup"), "api_keys", ["lookup"], unique=False)
    op.create_table(
        "collections",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_data", sa.Text(), nullable=True),
        sa.Column("recognition_model", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("faces", sa.BigInteger(), nullable=False),
        sa.Column("deletions", sa.BigInteger(), nullable=False),
        sa.Column("trained", sa.BigInteger(), nullable=True),
        sa.Column("training_status", sa.Text(), nullable=True),
        sa.Column("training_created", sa.BigInteger(), nullable=True),
        sa.Column("training_action", sa.BigInteger(), nullable=True),
        sa.Column("training_success", sa.BigInteger(), nullable=True),
        sa.Column("training_message", sa.Text(), nullable=True),
        sa.Column("training_beat", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("account_id", "kind", "id", name="uq_collections_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "face_ids",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("recognition_model", sa.Text(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(("ix_face_ids_expires"), "face_ids", ["expires"], unique=False)
    op.create_table(
        "operations",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_action", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", ID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("collection", ID, nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("copy", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "receipts",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("collection", ID, nullable=False),
        sa.Column("subject", ID, nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("faces", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "usage",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("account_id", "what", "seconds"),
    )
    op.create_table(
        "deleted_faces",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("collection", NUMBER, nullable=False),
        sa.Column("face", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["collection"],
            ["collections.pk"],
        ),
        sa.PrimaryKeyConstraint("pk"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_deleted_faces_collection_pk", "deleted_faces", ["collection", "pk"], unique=False
    )
    op.create_table(
        "persons",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("collection", NUMBER, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_data", sa.Text(), nullable=True),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["collection"],
            ["collections.pk"],
        ),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("collection", "id", name="uq_persons_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(("ix_persons_key"), "persons", ["key"], unique=False)
    op.create_table(
        "snapshots",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("apply_scope", sa.Text(), nullable=False),
        sa.Column("user_data", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("ready", sa.Integer(), nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("collection", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["collection"],
            ["collections.pk"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(("ix_snapshots_source"), "snapshots", ["source"], unique=False)
    op.create_table(
        "faces",
        sa.Column("pk", NUMBER, autoincrement=True, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("collection", NUMBER, nullable=False),
        sa.Column("person", NUMBER, nullable=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("user_data", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.ForeignKeyConstraint(
            ["collection"],
            ["collections.pk"],
        ),
        sa.ForeignKeyConstraint(
            ["person"],
            ["persons.pk"],
        ),
        sa.PrimaryKeyConstraint("pk"),
        sa.UniqueConstraint("collection", "id", name="uq_faces_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_faces_collection_pk", "faces", ["collection", "pk"], unique=False)
    op.create_index(("ix_faces_key"), "faces", ["key"], unique=False)
    op.create_index(("ix_faces_person"), "faces", ["person"], unique=False)
