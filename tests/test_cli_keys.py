import json

import pytest

from command import passerby
from passerby.serve.ledger import Asker


@pytest.fixture
def folder(state_folder):
    return state_folder


@pytest.fixture
def kept(state):
    return state


@pytest.mark.parametrize("role", ["search", "add", "admin"])
def test_a_key_is_printed_once_and_alone_on_the_standard_output(capsys, folder, kept, role):
    code, out, err = passerby(capsys, "keys", folder, "add", "anna", "--role", role)
    assert code == 0
    assert kept.who(out.removesuffix("\n")) == Asker("anna", role)
    assert "shown this once" in err
    secret = out.strip().split("_", 2)[2]
    _, told, _ = passerby(capsys, "keys", folder, "list")
    _, lines, _ = passerby(capsys, "audit", folder, "--json")
    assert secret not in told + lines
    assert "anna" in told


def test_making_and_taking_back_a_key_stand_in_the_audit(capsys, folder, kept):
    passerby(capsys, "keys", folder, "add", "anna", "--role", "search")
    code, out, err = passerby(capsys, "keys", folder, "revoke", "anna")
    assert (code, err) == (0, "")
    assert out.startswith("The key of anna (")
    lines = kept.noted(limit=9, before=None)
    assert [(line.what, line.details["name"], line.details["role"]) for line in lines] == [
        ("key revoked", "anna", "search"),
        ("key made", "anna", "search"),
    ]
    assert all(line.who.startswith("command line: ") for line in lines)


def test_the_list_tells_which_are_good(capsys, folder, kept):
    code, out, _ = passerby(capsys, "keys", folder, "list")
    assert (code, "No key has been made" in out) == (0, True)
    passerby(capsys, "keys", folder, "add", "anna", "--role", "search")
    passerby(capsys, "keys", folder, "add", "bert", "--role", "admin")
    passerby(capsys, "keys", folder, "revoke", "anna")
    code, out, err = passerby(capsys, "keys", folder, "list", "--json")
    assert (code, err) == (0, "")
    assert [(key["name"], key["role"], key["revoked"] is None) for key in json.loads(out)] == [
        ("anna", "search", False),
        ("bert", "admin", True),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add"], "Say whose key to add"),
        (["add", "anna"], "--role goes with add"),
        (["add", "--role", "search"], "Say whose key to add"),
        (["add", "anna", "--role", "root"], "root"),
        (["add", "an\x1b[31mna", "--role", "search"], "printable"),
        (["add", "anna", "--role", "search", "--json"], "--json goes with list"),
        (["revoke"], "Say whose key to revoke"),
        (["revoke", "nobody"], "No key called 'nobody'"),
        (["revoke", "anna", "--role", "search"], "--role goes with add"),
        (["list", "anna"], "Name nobody for list"),
        (["lend", "anna"], "'lend' is nothing to do; give add, list or revoke"),
    ],
)
def test_what_is_wrong_is_one_line(capsys, folder, kept, words, told):
    code, out, err = passerby(capsys, "keys", folder, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert "\x1b" not in err
    assert kept.keyless()


def test_the_wrong_order_is_told_the_right_one(capsys, tmp_path):
    code, out, err = passerby(capsys, "keys", "add", tmp_path / "g", "anna", "--role", "search")
    assert (code, out) == (2, "")
    assert err == "passerby: 'add' stands in the place of GALLERY; write: passerby keys GALLERY add [NAME]\n"
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_choice_is_told_without_words_of_the_parser(capsys, tmp_path):
    code, _, err = passerby(capsys, "keys", tmp_path / "g", "add", "anna", "--role", "x")
    assert (code, err) == (2, "passerby: Invalid value for '--role': 'x' is not one of 'search', 'add', 'admin'.\n")


@pytest.mark.parametrize("words", [["list"], ["revoke", "anna"], ["add", "anna", "--role", "search"]])
def test_a_gallery_that_is_not_there_is_told_and_not_made(capsys, tmp_path, words):
    code, out, err = passerby(capsys, "keys", tmp_path / "nothing", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


def test_keys_of_a_gallery_in_milvus_are_kept_where_state_says(capsys, folder, kept):
    url = "milvus://localhost:19530/people"
    code, out, err = passerby(capsys, "keys", url, "add", "anna", "--role", "search")
    assert (code, out) == (2, "")
    assert "--state" in err
    code, out, _ = passerby(capsys, "keys", url, "add", "anna", "--role", "search", "--state", folder)
    assert code == 0
    assert kept.who(out.strip()) == Asker("anna", "search")
