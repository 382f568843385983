"""The tables. Every row carries its account; times are whole microseconds since 1970.

Ids sort byte by byte on both databases: PostgreSQL is told so, SQLite does it anyway. Numbers
(`pk`) rise and are never used again, also not after a deletion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    UniqueConstraint,
)

from mien.storage.wording import Words

Number = BigInteger().with_variant(Integer, "sqlite")
Id = Words().with_variant(Words(collation="C"), "postgresql")

if TYPE_CHECKING:
    AnyRow = Row[*tuple[Any, ...]]
else:
    AnyRow = Row

metadata = MetaData()


def _account() -> Column[str]:
    return Column("account_id", Id, ForeignKey("accounts.id"), nullable=False)


def _pk() -> Column[int]:
    return Column("pk", Number, primary_key=True, autoincrement=True)


def _table(name: str, *columns: Any) -> Table:
    return Table(name, metadata, *columns, sqlite_autoincrement=True)


meta = Table(
    "meta",
    metadata,
    Column("name", Words(), primary_key=True),
    Column("value", Words(), nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Words(), nullable=False, unique=True),
    Column("plan", Words(), nullable=False),
    Column("created", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("name", Words(), nullable=False),
    Column("lookup", LargeBinary, nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", Words(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("revoked", BigInteger),
    Index("ix_api_keys_account_name", "account_id", "name"),
)

usage = Table(
    "usage",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("what", Words(), primary_key=True),
    Column("seconds", Integer, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
)

collections = _table(
    "collections",
    _pk(),
    _account(),
    Column("kind", Words(), nullable=False),
    Column("id", Id, nullable=False),
    Column("name", Words(), nullable=False),
    Column("user_data", Words()),
    Column("recognition_model", Words(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("persons", BigInteger, nullable=False),
    Column("faces", BigInteger, nullable=False),
    Column("deletions", BigInteger, nullable=False),
    Column("trained", BigInteger),
    Column("training_status", Words()),
    Column("training_created", BigInteger),
    Column("training_action", BigInteger),
    Column("training_success", BigInteger),
    Column("training_message", Words()),
    Column("training_beat", BigInteger),
    UniqueConstraint("account_id", "kind", "id", name="uq_collections_id"),
)

persons = _table(
    "persons",
    _pk(),
    _account(),
    Column("collection", Number, ForeignKey("collections.pk"), nullable=False),
    Column("id", Id, nullable=False),
    Column("name", Words(), nullable=False),
    Column("user_data", Words()),
    Column("key", BigInteger, nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("collection", "id", name="uq_persons_id"),
)

faces = _table(
    "faces",
    _pk(),
    _account(),
    Column("collection", Number, ForeignKey("collections.pk"), nullable=False),
    Column("person", Number, ForeignKey("persons.pk"), index=True),
    Column("id", Id, nullable=False),
    Column("user_data", Words()),
    Column("sealed", LargeBinary, nullable=False),
    Column("quality", Float, nullable=False),
    Column("key", BigInteger, nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("collection", "id", name="uq_faces_id"),
    Index("ix_faces_collection_pk", "collection", "pk"),
)

deleted_faces = _table(
    "deleted_faces",
    _pk(),
    _account(),
    Column("collection", Number, ForeignKey("collections.pk"), nullable=False),
    Column("face", BigInteger, nullable=False),
    Index("ix_deleted_faces_collection_pk", "collection", "pk"),
)

face_ids = Table(
    "face_ids",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("sealed", LargeBinary, nullable=False),
    Column("quality", Float, nullable=False),
    Column("recognition_model", Words(), nullable=False),
    Column("key", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("kind", Words(), nullable=False),
    Column("apply_scope", Words(), nullable=False),
    Column("user_data", Words()),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("ready", Integer, nullable=False),
    Column("source", BigInteger, nullable=False, index=True),
    Column("collection", Number, ForeignKey("collections.pk"), nullable=False),
)

operations = Table(
    "operations",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("status", Words(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("last_action", BigInteger, nullable=False),
    Column("snapshot", Id),
    Column("kind", Words()),
    Column("collection", Id),
    Column("message", Words()),
    Column("source", BigInteger, nullable=False),
    Column("copy", BigInteger, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("what", Words(), nullable=False),
    Column("kind", Words(), nullable=False),
    Column("collection", Id, nullable=False),
    Column("subject", Id, nullable=False),
    Column("persons", BigInteger, nullable=False),
    Column("faces", BigInteger, nullable=False),
    Column("keys", BigInteger, nullable=False),
    Column("deleted", BigInteger),
)

doomed_keys = Table("doomed_keys", metadata, Column("key", BigInteger, primary_key=True))

assets = Table(
    "assets",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("origin", Words(), nullable=False),
    Column("name", Words(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, index=True),
    Index("ix_assets_account", "account_id", "origin", "created"),
)

asset_files = Table(
    "asset_files",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("asset", Id, ForeignKey("assets.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", Words(), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("is_primary", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("asset", "name", name="uq_asset_files_name"),
)

edits = Table(
    "edits",
    metadata,
    _account(),
    Column("asset", Id, ForeignKey("assets.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("user", Words(), nullable=False),
    Column("body", Words(), nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("origin", Words(), nullable=False),
    Column("name", Words(), nullable=False),
    Column("state", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("ended", BigInteger),
    Column("keep", BigInteger),
    Column("expires", BigInteger, index=True),
    Column("notify_url", Words()),
    Column("notify_target", Integer, nullable=False),
    Column("notified", BigInteger, nullable=False),
    Column("notify_tries", Integer, nullable=False),
    Column("notify_at", BigInteger, index=True),
    Index("ix_jobs_account", "account_id", "origin", "created"),
)

tasks = _table(
    "tasks",
    _pk(),
    Column("id", Id, nullable=False, unique=True),
    _account(),
    Column("job", Id, ForeignKey("jobs.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("name", Words(), nullable=False),
    Column("processor", Words(), nullable=False),
    Column("configuration", Words(), nullable=False),
    Column("inputs", Words(), nullable=False),
    Column("output", Id, nullable=False),
    Column("output_name", Words(), nullable=False),
    Column("state", Integer, nullable=False, index=True),
    Column("priority", Integer, nullable=False),
    Column("progress", Float, nullable=False),
    Column("claim", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("started", BigInteger),
    Column("ended", BigInteger),
    Column("errors", Words(), nullable=False),
)

job_events = _table(
    "job_events",
    _pk(),
    _account(),
    Column("job", Id, ForeignKey("jobs.id"), nullable=False),
    Column("task", Id),
    Column("at", BigInteger, nullable=False),
    Column("previous", Integer),
    Column("state", Integer, nullable=False),
    Column("message", Words(), nullable=False),
    Index("ix_job_events_job", "job", "pk"),
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("name", Words(), nullable=False),
    Column("folded", Words(), nullable=False, unique=True),
    Column("role", Words(), nullable=False),
    Column("password", Words(), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("disabled", BigInteger),
    Index("ix_users_account", "account_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("user", Id, ForeignKey("users.id"), nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("idle", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("agent", Words(), nullable=False),
    Column("address", Words(), nullable=False),
)

audit = _table(
    "audit",
    _pk(),
    Column("at", BigInteger, nullable=False, index=True),
    Column("account_id", Id),
    Column("user", Id, index=True),
    Column("name", Words(), nullable=False),
    Column("action", Words(), nullable=False),
    Column("subject", Words(), nullable=False),
    Column("address", Words(), nullable=False),
)
"""Outlives the accounts it tells of, so it refers to none."""
