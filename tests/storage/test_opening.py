from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import mien.storage.database as database_module
import mien.storage.migrations as migrations
from mien.errors import KeysError, MienError, NewerDatabaseError, StorageError, UsageError
from mien.storage import open_storage
from mien.storage.database import FILE, open_database
from mien.storage.tables import metadata
from tests.stores import Place, template


def fill(place: Place) -> tuple[str, str]:
    """Make an account and a faceId in it; both ids."""
    with place.open() as storage:
        account = storage.accounts.create("a").id
        (face_id,) = storage.transients.remember(account, [template(1)], 3600)
    return account, face_id


def test_a_storage_opens_again_with_all_that_was_in_it(place: Place) -> None:
    account, face_id = fill(place)
    for _ in range(2):
        with place.open() as storage:
            (found,) = storage.transients.recall(account, [face_id])
            assert (found.embedding == template(1).embedding).all()


def test_the_migrations_make_the_tables_and_nothing_else(place: Place) -> None:
    with place.open():
        pass
    database = open_database(place.data, place.url)
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    database.close()


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


def _open(place: Place, name: str) -> None:
    with place.open() as storage:
        storage.accounts.create(name)


def test_processes_that_open_an_empty_folder_at_once_share_it(place: Place) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.writer"])
    workers = [context.Process(target=_open, args=(place, f"a{n}")) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    with place.open() as storage:
        assert [each.name for each in storage.accounts.all()] == ["a0", "a1", "a2", "a3"]
    assert len(list(place.keys.iterdir())) == 1


def test_importing_the_gallery_opens_nothing_and_needs_no_alembic() -> None:
    code = "import sys, mien.storage; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def later_version(place: Place) -> None:
    database = open_database(place.data, place.url)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()


def test_a_database_of_a_later_version_is_left_alone(place: Place) -> None:
    fill(place)
    later_version(place)
    with pytest.raises(NewerDatabaseError, match=r"9999.*update mien, nothing was changed"):
        place.open()
    database = open_database(place.data, place.url)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM face_ids")).scalar() == 1
    database.close()


def overwrite(place: Place, content: bytes, start: int = 0) -> None:
    with open(place.data / FILE, "r+b") as file:
        file.seek(start)
        file.write(content)


def no_master(place: Place) -> None:
    (place.keys_folder / "master.key").unlink()


def no_keyring(place: Place) -> None:
    (place.keys_folder / "keyring.sqlite").unlink()


def no_folder(place: Place) -> None:
    shutil.rmtree(place.keys)


def open_to_others(place: Place) -> None:
    (place.keys_folder / "master.key").chmod(0o640)


def master_is_a_folder(place: Place) -> None:
    (place.keys_folder / "master.key").unlink()
    (place.keys_folder / "master.key").mkdir()


def short_master(place: Place) -> None:
    (place.keys_folder / "master.key").write_bytes(b"short")


def empty_master(place: Place) -> None:
    (place.keys_folder / "master.key").write_bytes(b"")


def other_master(place: Place) -> None:
    (place.keys_folder / "master.key").write_bytes(os.urandom(32))


def broken_keyring(place: Place) -> None:
    (place.keys_folder / "keyring.sqlite").write_bytes(b"not a database at all" * 100)


def empty_keyring(place: Place) -> None:
    (place.keys_folder / "keyring.sqlite").write_bytes(b"")


def keyring_of_another(place: Place) -> None:
    other = Place(place.data.parent / "other", place.keys.parent / "other keys", None)
    fill(other)
    shutil.copytree(other.keys_folder, place.keys_folder, dirs_exist_ok=True)


def later_keyring(place: Place) -> None:
    with sqlite3.connect(place.keys_folder / "keyring.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '9' WHERE name = 'format'")
    connection.close()


def keys_are_a_file(place: Place) -> None:
    shutil.rmtree(place.keys)
    place.keys.write_bytes(b"")


def no_database(place: Place) -> None:
    overwrite(place, b"these bytes are no database" * 10)


def torn_database(place: Place) -> None:
    size = (place.data / FILE).stat().st_size
    overwrite(place, b"\xff" * (size - 4096), 4096)


BROKEN: list[tuple[Callable[[Place], None], type[MienError], str]] = [
    (no_master, KeysError, "there is no .*master.key.*restore the folder from a backup"),
    (no_keyring, KeysError, "there is no .*keyring.sqlite.*restore the folder from a backup"),
    (no_folder, KeysError, "there is no .*master.key.*or name it"),
    (open_to_others, KeysError, "run: chmod 600"),
    (master_is_a_folder, KeysError, "cannot read .*master.key: Is a directory"),
    (short_master, KeysError, "holds 5 bytes instead of 32"),
    (empty_master, KeysError, "holds 0 bytes instead of 32"),
    (other_master, KeysError, "is not the master key of this database"),
    (broken_keyring, KeysError, "cannot be used: file is not a database; restore the folder"),
    (empty_keyring, KeysError, "cannot be used: no such table: meta; restore the folder"),
    (keyring_of_another, KeysError, "belong to another database; name the folder"),
    (later_keyring, NewerDatabaseError, "made by a later version of mien; update mien"),
    (keys_are_a_file, KeysError, "there is no .*master.key"),
    (no_database, StorageError, "is no database of mien: name another data folder"),
    (torn_database, StorageError, "is broken: restore the data folder from a backup"),
]


@pytest.mark.parametrize(
    ("damage", "error", "sentence"), BROKEN, ids=[damage.__name__ for damage, *_ in BROKEN]
)
def test_what_is_broken_is_said_and_nothing_is_lost(
    sqlite_place: Place,
    damage: Callable[[Place], None],
    error: type[MienError],
    sentence: str,
    tmp_path: Path,
) -> None:
    account, face_id = fill(sqlite_place)
    backup = tmp_path / "backup"
    shutil.copytree(sqlite_place.data, backup / "data")
    shutil.copytree(sqlite_place.keys, backup / "keys")
    damage(sqlite_place)
    before = {path: path.read_bytes() for path in sqlite_place.files()}
    with pytest.raises(error, match=sentence) as raised:
        sqlite_place.open()
    assert "\n" not in str(raised.value)
    kept = {path: path.read_bytes() for path in before}
    assert kept == before
    with Place(backup / "data", backup / "keys", None).open() as storage:
        assert storage.transients.recall(account, [face_id])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_keys_that_may_not_be_read_are_said(sqlite_place: Place) -> None:
    fill(sqlite_place)
    (sqlite_place.keys_folder / "master.key").chmod(0)
    with pytest.raises(KeysError, match=r"cannot read .*master.key: Permission denied"):
        sqlite_place.open()


def test_keys_may_not_lie_in_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for keys in (tmp_path / "data", tmp_path / "data/keys", tmp_path / "link/keys"):
        with pytest.raises(UsageError, match="would lie in the data folder"):
            open_storage(tmp_path / "data", keys=keys)
    assert not (tmp_path / "data").exists()


def test_keys_are_found_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_KEYS", str(tmp_path / "chosen"))
    with open_storage(tmp_path / "data") as storage:
        assert storage.keys_folder.parent == tmp_path / "chosen"
    monkeypatch.delenv("MIEN_KEYS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with open_storage(tmp_path / "data2") as storage:
        assert storage.keys_folder.parent == tmp_path / "config/mien/keys"


@pytest.mark.parametrize(
    ("url", "error", "sentence"),
    [
        ("mysql://localhost/x", UsageError, "SQLite or PostgreSQL, not in mysql"),
        ("sqlite:///x", UsageError, "or leave the URL out"),
        ("nonsense", UsageError, "cannot be read; write postgresql://"),
        ("", UsageError, "cannot be read; write postgresql://"),
        ("postgresql://me:secret@127.0.0.1:1/x", StorageError, "cannot be reached"),
    ],
)
def test_a_url_that_is_of_no_use_is_said_without_its_password(
    tmp_path: Path, url: str, error: type[MienError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as raised:
        open_storage(tmp_path / "data", url, tmp_path / "keys")
    assert "secret" not in str(raised.value)


def test_a_data_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"is a file; name a folder"):
        open_storage(tmp_path / "file", keys=tmp_path / "keys")
    with pytest.raises(StorageError, match=r"cannot make the data folder .*: Not a directory"):
        open_storage(tmp_path / "file/data", keys=tmp_path / "keys")


def test_a_full_disk_is_said_and_loses_nothing(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_place.open() as storage:
        account = storage.accounts.create("a").id
    pragmas = (*database_module.PRAGMAS, "max_page_count=90")
    monkeypatch.setattr(database_module, "PRAGMAS", pragmas)
    kept: list[str] = []
    with sqlite_place.open() as storage:

        def fill_up() -> None:
            for _ in range(10_000):
                kept.extend(storage.transients.remember(account, [template(1)], 3600))

        with pytest.raises(StorageError, match="the disk is full"):
            fill_up()
        assert len(kept) > 10
        assert len(storage.transients.recall(account, kept)) == len(kept)
        storage._keyring._connection.execute("PRAGMA max_page_count=6")
        with pytest.raises(KeysError, match="cannot be written: database or disk is full"):
            storage._keyring.several(1000)
    with sqlite_place.open() as storage:
        assert len(storage.transients.recall(account, kept)) == len(kept)
