from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

import mien.storage.passwords as passwords
import mien.storage.sessions as sessions_module
from mien.errors import (
    LastAdminError,
    MienError,
    NoSuchAccountError,
    NoSuchUserError,
    SignUpClosedError,
    UsageError,
    UserExistsError,
)
from mien.storage import Storage
from mien.storage.audit import DAY, KEPT_DAYS, Action
from mien.storage.rows import now
from mien.storage.tables import audit, sessions
from mien.storage.users import Role, User
from tests.stores import Place

PASSWORD = "correct horse battery"
OTHER = "quite another staple"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked here does not hang on their cost; test_passwords.py has the real ones."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)


def log_in(storage: Storage, user: User, *, remember: bool = False) -> str:
    token = storage.sessions.begin(user, remember=remember, agent="Firefox", address="192.0.2.1")
    assert token is not None
    return token


def test_the_first_user_is_an_admin_and_each_has_an_account_of_its_own(storage: Storage) -> None:
    first = storage.users.sign_up("Ada", PASSWORD)
    second = storage.users.sign_up("Bo", PASSWORD)
    assert (first.role, second.role) == (Role.ADMIN, Role.MEMBER)
    assert first.account_id != second.account_id
    assert storage.users.all() == [first, second]
    assert storage.users.all(account=second.account_id) == [second]


def test_an_account_that_is_there_already_is_not_given_to_who_takes_its_name(
    storage: Storage,
) -> None:
    there = storage.accounts.create("ada")
    user = storage.users.sign_up("ada", PASSWORD)
    assert user.account_id != there.id
    made = storage.accounts.get(user.account_id)
    assert made is not None
    assert made.name.startswith("ada (")


@pytest.mark.parametrize("again", ["Ada", "ADA", " ada ", "ＡＤＡ"])  # the last in wide letters
def test_a_name_is_taken_however_it_is_written(storage: Storage, again: str) -> None:
    user = storage.users.sign_up("Ada", PASSWORD)
    with pytest.raises(UserExistsError, match="already"):
        storage.users.sign_up(again, PASSWORD)
    assert storage.users.check(again, PASSWORD) == user


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("", PASSWORD, "needs a name"),
        ("   ", PASSWORD, "needs a name"),
        ("a" * 65, PASSWORD, "at most 64"),
        ("a\nb", PASSWORD, "nothing that hides"),
        ("a\0b", PASSWORD, "nothing that hides"),
        ("a\u202eb", PASSWORD, "nothing that hides"),
        ("ada\ud800", PASSWORD, "nothing that hides"),
        ("ada", "short", "at least 10"),
        ("ada", "", "at least 10"),
        ("ada", "x" * 257, "at most 256"),
        ("ada", "ababababababab", "repeats"),
        ("ada lovelace", "Ada Lovelace1", "little more than the name"),
    ],
)
def test_names_and_passwords_that_cannot_be(
    storage: Storage, name: str, password: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        storage.users.sign_up(name, password)
    assert storage.users.all() == []


def test_a_password_is_right_or_not(storage: Storage) -> None:
    user = storage.users.sign_up("ada", PASSWORD)
    assert storage.users.check("ada", PASSWORD) == user
    for name, password in (
        ("ada", OTHER),
        ("ada", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("ada\0", PASSWORD),
    ):
        assert storage.users.check(name, password) is None


def test_of_many_who_sign_up_at_once_one_is_admin_and_one_has_the_name(storage: Storage) -> None:
    made: list[User] = []
    failed: list[MienError] = []

    def sign_up(name: str) -> None:
        try:
            made.append(storage.users.sign_up(name, PASSWORD))
        except MienError as error:
            failed.append(error)

    names = ["ada", "Ada", "ADA", "bo", "cy"]
    threads = [threading.Thread(target=sign_up, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 3
    assert [type(error) for error in failed] == [UserExistsError, UserExistsError]
    assert [user.role for user in made].count(Role.ADMIN) == 1


def test_signing_up_can_be_closed(storage: Storage) -> None:
    assert storage.users.may_sign_up()
    storage.users.let_sign_up(False)
    assert not storage.users.may_sign_up()
    with pytest.raises(SignUpClosedError, match="ask whoever runs"):
        storage.users.sign_up("ada", PASSWORD)
    storage.users.sign_up("ada", PASSWORD, is_open=True)
    storage.users.let_sign_up(True)
    with pytest.raises(SignUpClosedError):
        storage.users.sign_up("bo", PASSWORD, is_open=False)
    storage.users.sign_up("bo", PASSWORD)


def test_the_operator_puts_several_users_into_one_account(storage: Storage, account: str) -> None:
    ada = storage.users.add("ada", PASSWORD, account=account, role=Role.MEMBER)
    bo = storage.users.add("bo", PASSWORD, account=account, role=Role.ADMIN)
    assert {ada.account_id, bo.account_id} == {account}
    with pytest.raises(NoSuchAccountError):
        storage.users.add("cy", PASSWORD, account="none", role=Role.MEMBER)


def test_a_new_password_ends_all_sessions_but_one(storage: Storage) -> None:
    user = storage.users.sign_up("ada", PASSWORD)
    here, there = log_in(storage, user), log_in(storage, user)
    session = storage.sessions.find(here)
    assert session is not None
    storage.users.set_password(user.id, OTHER, keep=session.id)
    assert storage.sessions.find(here) is not None
    assert storage.sessions.find(there) is None
    assert storage.users.check("ada", PASSWORD) is None
    assert storage.users.check("ada", OTHER) is not None
    with pytest.raises(UsageError, match="at least"):
        storage.users.set_password(user.id, "short")
    with pytest.raises(NoSuchUserError):
        storage.users.set_password("nobody", OTHER)


def test_who_is_disabled_is_logged_out_and_cannot_log_in(storage: Storage) -> None:
    storage.users.sign_up("admin", PASSWORD)
    user = storage.users.sign_up("ada", PASSWORD)
    token = log_in(storage, user)
    assert storage.users.disable(user.id).disabled is not None
    assert storage.sessions.find(token) is None
    assert storage.users.check("ada", PASSWORD) is None
    storage.users.enable(user.id)
    assert storage.users.check("ada", PASSWORD) == user


def test_a_log_in_that_was_overtaken_begins_no_session(storage: Storage) -> None:
    storage.users.sign_up("admin", PASSWORD)
    user = storage.users.sign_up("ada", PASSWORD)
    storage.users.set_password(user.id, OTHER)
    assert storage.sessions.begin(user, remember=False, agent="", address="") is None
    user = storage.users.get(user.id)
    storage.users.disable(user.id)
    assert storage.sessions.begin(user, remember=False, agent="", address="") is None
    storage.users.remove(user.id)
    assert storage.sessions.begin(user, remember=False, agent="", address="") is None


def test_others_are_not_left_without_an_admin(storage: Storage) -> None:
    admin = storage.users.sign_up("admin", PASSWORD)
    member = storage.users.sign_up("ada", PASSWORD)
    acts: list[Any] = [
        lambda: storage.users.disable(admin.id),
        lambda: storage.users.remove(admin.id),
        lambda: storage.users.set_role(admin.id, Role.MEMBER),
    ]
    for act in acts:
        with pytest.raises(LastAdminError, match="only admin"):
            act()
    storage.users.set_role(member.id, Role.ADMIN)
    storage.users.disable(member.id)  # an admin who cannot log in is none
    for act in acts:
        with pytest.raises(LastAdminError, match="only admin"):
            act()
    storage.users.enable(member.id)
    assert storage.users.set_role(admin.id, Role.MEMBER).role is Role.MEMBER
    storage.users.remove(admin.id)
    storage.users.remove(member.id)  # nobody is left
    assert storage.users.all() == []
    assert storage.users.sign_up("new", PASSWORD).is_admin


def test_what_is_asked_of_users_who_are_not_there(storage: Storage) -> None:
    users = storage.users
    acts: list[Any] = [users.get, users.disable, users.enable, users.remove, users.find]
    for act in acts:
        with pytest.raises(NoSuchUserError):
            act("nobody")


def test_a_session_is_found_by_its_token_until_it_is_ended(place: Place) -> None:
    with place.open() as storage:
        user = storage.users.sign_up("ada", PASSWORD)
        token, other = log_in(storage, user), log_in(storage, user, remember=True)
        session = storage.sessions.find(token)
        assert session is not None
        assert (session.user_id, session.name, session.role) == (user.id, "ada", Role.ADMIN)
        assert (session.plan, session.agent, session.remembered) == ("none", "Firefox", False)
        assert {each.remembered for each in storage.sessions.all(user=user.id)} == {True, False}
        for wrong in ("", "x", token[:-1], token + "x", session.id, "\ud800"):
            assert storage.sessions.find(wrong) is None
        assert not storage.sessions.end(session.id, user="another")
        assert storage.sessions.end(session.id, user=user.id)
        assert storage.sessions.find(token) is None
        assert storage.sessions.find(other) is not None
        assert storage.sessions.end_all(user.id) == 1
        assert storage.sessions.find(other) is None
    assert place.holds(token.encode()) == []


@pytest.mark.parametrize("remember", [False, True])
def test_a_session_ends_when_it_is_not_used_and_after_its_time(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, remember: bool
) -> None:
    user = storage.users.sign_up("ada", PASSWORD)
    token, start, passed = log_in(storage, user, remember=remember), now(), timedelta()
    monkeypatch.setattr(
        sessions_module, "now", lambda: start + int(passed.total_seconds() * 1_000_000)
    )
    idle, lasts = (
        (timedelta(days=14), timedelta(days=90))
        if remember
        else (
            timedelta(hours=8),
            timedelta(days=1),
        )
    )
    while passed + idle * 0.9 < lasts:  # used again and again
        passed += idle * 0.9
        assert storage.sessions.find(token) is not None
    passed = lasts + timedelta(seconds=1)
    assert storage.sessions.find(token) is None
    assert storage.sessions.all() == []
    assert storage.sessions.sweep() == 1

    start, passed = start + int(passed.total_seconds() * 1_000_000), timedelta()
    token = log_in(storage, user, remember=remember)
    passed = idle + timedelta(seconds=1)
    assert storage.sessions.find(token) is None
    assert storage.sessions.sweep() == 1


def test_that_a_session_is_used_is_written_down_once_a_minute(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = log_in(storage, storage.users.sign_up("ada", PASSWORD))
    storage.sessions.find(token)
    (first,) = storage.sessions.all()
    later = now() + 61_000_000
    monkeypatch.setattr(sessions_module, "now", lambda: later)
    storage.sessions.find(token)
    (second,) = storage.sessions.all()
    assert second.seen - first.seen > timedelta(seconds=60)
    with storage._database.write() as connection:
        assert connection.execute(update(sessions).values(seen=later - 59_000_000)).rowcount == 1
    storage.sessions.find(token)
    (third,) = storage.sessions.all()
    assert third.seen < second.seen


def test_what_a_browser_calls_itself_is_cut_and_cannot_hide(storage: Storage) -> None:
    user = storage.users.sign_up("ada", PASSWORD)
    storage.sessions.begin(user, remember=False, agent="a\0\u202e\n" + "b" * 999, address="")
    (session,) = storage.sessions.all()
    assert session.agent == "a" + "b" * 199


def test_the_audit_log_gives_the_newest_first_and_forgets_names(storage: Storage) -> None:
    ada = storage.users.sign_up("ada", PASSWORD)
    storage.audit.note(Action.SIGNED_UP, ada, address="192.0.2.1")
    storage.audit.note(Action.REFUSED, subject="ada", address="192.0.2.2")
    storage.audit.note(Action.KEY_CREATED, ada, subject="camera", address="192.0.2.1")
    page = storage.audit.page(top=2)
    assert [each.action for each in page] == ["key created", "log-in refused"]
    (first,) = storage.audit.page(before=page[-1].number)
    assert (first.name, first.address, first.action) == ("ada", "192.0.2.1", "signed up")
    storage.audit.forget(ada)
    told = [(each.name, each.subject, each.action) for each in storage.audit.page()]
    assert told == [
        ("", "camera", "key created"),
        ("", "", "log-in refused"),
        ("", "", "signed up"),
    ]


def test_the_audit_log_keeps_a_year(storage: Storage) -> None:
    for _ in range(2):
        storage.audit.note(Action.LOGGED_OUT)
    newest = storage.audit.page()[0]
    with storage._database.write() as connection:
        old = now() - KEPT_DAYS * DAY - 1
        connection.execute(update(audit).where(audit.c.pk == newest.number).values(at=old))
    storage.sweep()
    assert len(storage.audit.page()) == 1
