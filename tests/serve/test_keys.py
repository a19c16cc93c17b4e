import re
import threading

import pytest

from passerby.serve.keys import keyless, listed, make, revoke, who
from passerby.serve.ledger import Asker


def everything_kept(state):
    """All that stands in the table of keys, as text."""
    with state.database.connection() as connection:
        return str(connection.execute("SELECT k::text FROM passerby_state.keys k").fetchall())


@pytest.mark.parametrize("role", ["search", "add", "admin"])
def test_a_key_opens_its_role(state, role):
    assert who(state.database, make(state.database, "anna", role)) == Asker("anna", role)


def test_a_key_is_kept_as_a_salted_hash_only(state):
    one, two = make(state.database, "anna", "search"), make(state.database, "bert", "search")
    secret = one.rpartition("_")[2] if one.count("_") == 2 else one.split("_", 2)[2]
    assert len(secret) == 43
    kept = everything_kept(state)
    assert secret not in kept
    assert secret.encode().hex() not in kept
    assert one.split("_")[1] in kept  # what is looked up
    assert one != two


def test_the_same_secret_under_another_salt_has_another_hash(state):
    key = make(state.database, "anna", "search")
    with state.database.connection() as connection:
        connection.execute("UPDATE passerby_state.keys SET salt = %s", (b"another",))
    assert who(state.database, key) is None


WRONG = (
    "",
    " ",
    "x",
    "passerby",
    "passerby_",
    "passerby__",
    "Bearer",
    "passerby_0_0",
    "'; DROP TABLE keys; --",
    "\0",
    "é",
)


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("made", [False, True], ids=["no key made", "a key made"])
def test_what_is_no_key_opens_nothing(state, wrong, made):
    if made:
        make(state.database, "anna", "admin")
    assert who(state.database, wrong) is None


def test_a_key_that_is_changed_anywhere_opens_nothing(state):
    key = make(state.database, "anna", "admin")
    for place in range(len(key)):
        other = "b" if key[place] == "a" else "a"
        assert who(state.database, key[:place] + other + key[place + 1 :]) is None
    for changed in (key[:-1], key + "a", key + "\n", " " + key, key.upper(), key[:22] + "A" * 43):
        assert who(state.database, changed) is None
    assert who(state.database, key) is not None


def test_one_key_does_not_open_with_another_ones_secret(state):
    one, two = make(state.database, "anna", "admin"), make(state.database, "bert", "search")
    mixed = "_".join((*one.split("_", 2)[:2], two.split("_", 2)[2]))
    assert who(state.database, mixed) is None


def test_without_any_key_whoever_gives_none_is_an_admin(state):
    assert keyless(state.database)
    assert who(state.database, None) == Asker("anybody", "admin")


def test_once_a_key_was_made_nobody_goes_without_one_though_it_is_revoked(state):
    key = make(state.database, "anna", "search")
    assert not keyless(state.database)
    assert who(state.database, None) is None
    revoke(state.database, "anna")
    assert not keyless(state.database)
    assert who(state.database, None) is None
    assert who(state.database, key) is None


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_revoked_key_opens_nothing_at_once_and_the_others_stay(state, by):
    one, two = make(state.database, "anna", "search"), make(state.database, "bert", "add")
    gone = revoke(state.database, "anna" if by == "name" else one.split("_")[1])
    assert (gone.name, gone.role, gone.id) == ("anna", "search", one.split("_")[1])
    assert gone.revoked >= gone.made
    assert who(state.database, one) is None
    assert who(state.database, two) == Asker("bert", "add")


def test_a_name_can_be_given_again_after_its_key_was_revoked(state):
    first = make(state.database, "anna", "search")
    with pytest.raises(ValueError, match="There is a key of 'anna' already"):
        make(state.database, "anna", "admin")
    revoke(state.database, "anna")
    second = make(state.database, "anna", "add")
    assert who(state.database, first) is None
    assert who(state.database, second) == Asker("anna", "add")
    assert [(key.name, key.role, key.revoked is None) for key in listed(state.database)] == [
        ("anna", "search", False),
        ("anna", "add", True),
    ]


def test_a_key_called_like_anothers_id_is_the_one_that_is_revoked_by_that_name(state):
    one = make(state.database, "anna", "search").split("_")[1]
    make(state.database, one, "search")
    assert revoke(state.database, one).name == one
    assert revoke(state.database, one).name == "anna"


def test_a_list_of_keys_tells_no_key(state):
    key = make(state.database, "anna", "search")
    (told,) = listed(state.database)
    assert key.split("_", 2)[2] not in repr(told)
    assert re.fullmatch("[0-9a-f]{12}", told.id)
    assert told.revoked is None


@pytest.mark.parametrize("name", ["nobody", "", "0" * 12, "'"])
def test_a_key_that_is_not_there_cannot_be_revoked(state, name):
    make(state.database, "anna", "search")
    with pytest.raises(ValueError, match=r"is good; `passerby keys GALLERY list` tells which are\.$"):
        revoke(state.database, name)


@pytest.mark.parametrize("name", ["", " ", " anna", "anna ", "an\nna", "an\0na", "\x1b[31m", "a" * 101])
def test_a_name_that_does_not_print_is_refused(state, name):
    with pytest.raises(ValueError, match=r"^The name of a key is .*; give 1 \.\. 100 printable characters\.$"):
        make(state.database, name, "search")
    assert keyless(state.database)


def test_a_role_that_there_is_not_is_refused(state):
    with pytest.raises(ValueError, match=r"role is 'root'; give one of search, add, admin\."):
        make(state.database, "anna", "root")


def test_of_many_that_make_one_name_at_once_one_does(state):
    made, refused = [], []

    def one():
        try:
            made.append(make(state.database, "anna", "search"))
        except ValueError:
            refused.append(1)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 7)
