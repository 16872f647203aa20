"""A strict TOML reader: every wrong value, missing key and unknown key is refused in one line with its place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError, SettingsError
from tableguard.reading.toml_table import Section, Table, parse_toml, read_toml, refuse_repetition

READERS: dict[str, Callable[[Table], Any]] = {
    "text": lambda table: table.text("key"),
    "a text that matches": lambda table: table.text("key", pattern="[a-z]+", accepted="a to z"),
    "texts": lambda table: table.texts("key"),
    "distinct texts": lambda table: table.distinct_texts("key", "[a-z]+", "words"),
    "choice": lambda table: table.choice("key", (1, 2)),
    "flag": lambda table: table.flag("key", None),
    "number": lambda table: table.number("key", 1, 9),
    "span": lambda table: table.span("key", 1, 9),
    "table": lambda table: table.table("key"),
    "tables": lambda table: table.tables("key"),
}


@pytest.mark.parametrize(
    ("reader", "value", "result"),
    [
        ("text", "a", "a"),
        ("a text that matches", "abc", "abc"),
        ("texts", [], ()),
        ("texts", ["a", "a"], ("a", "a")),
        ("distinct texts", ["a", "b"], ("a", "b")),
        ("choice", 2, 2),
        ("flag", True, True),
        ("flag", False, False),
        ("number", 9, 9),
        ("span", [1, 1], (1, 1)),
        ("table", {}, {}),
        ("tables", [{"a": 1}], [{"a": 1}]),
    ],
)
def test_a_value_of_the_right_form_is_returned(reader: str, value: Any, result: Any) -> None:
    table = Table("f.toml", {"key": value})
    assert READERS[reader](table) == result
    table.close()


@pytest.mark.parametrize(
    ("reader", "value", "accepted"),
    [
        ("text", " \n", "a text, not empty"),
        ("text", 1, "a text, not empty"),
        ("a text that matches", "abc1", "a to z"),
        ("texts", "a", "a list of texts"),
        ("texts", ["a", ""], "a list of texts"),
        ("distinct texts", [], "a list, not empty and without repetition, of words"),
        ("distinct texts", ["a", "a"], "a list, not empty and without repetition, of words"),
        ("distinct texts", ["a", "B"], "a list, not empty and without repetition, of words"),
        ("choice", True, "1, 2"),
        ("choice", 3, "1, 2"),
        ("flag", 1, "true or false"),
        ("number", 10, "a whole number from 1 to 9"),
        ("number", True, "a whole number from 1 to 9"),
        ("span", [2, 1], "[lowest, highest], whole numbers from 1 to 9"),
        ("span", [1, 2, 3], "[lowest, highest], whole numbers from 1 to 9"),
        ("table", [], "a table, key = {…}"),
        ("tables", [], "[[key]] sections, at least one"),
    ],
)
def test_another_value_is_refused_with_what_is_accepted(reader: str, value: Any, accepted: str) -> None:
    with pytest.raises(PolicyError) as refused:
        READERS[reader](Table("f.toml: case 1", {"key": value}))
    assert str(refused.value) == f"f.toml: case 1: key: {value!r} is not accepted; accepted: {accepted}"


@pytest.mark.parametrize("reader", READERS)
def test_a_missing_key_is_refused(reader: str) -> None:
    with pytest.raises(PolicyError, match=r"^f\.toml: key: missing; accepted: "):
        READERS[reader](Table("f.toml", {}))


def test_a_missing_key_with_a_default_is_the_default() -> None:
    table = Table("f.toml", {})
    assert (table.text("a", "x"), table.choice("b", ("y", "z"), "y"), table.flag("c")) == ("x", "y", False)
    assert (table.table("d", {}), table.tables("e", optional=True)) == ({}, [])
    assert table.present("f") == {}


def test_a_key_that_nothing_takes_is_refused_with_those_that_are_taken() -> None:
    table = Table("f.toml", {"a": "x", "b": "y", "c": object()})
    table.text("b")
    assert table.present("c", "d").keys() == {"c"}
    with pytest.raises(PolicyError) as refused:
        table.close()
    assert str(refused.value) == "f.toml: a: unknown key; accepted: b, c, d"


def test_a_section_names_its_keys_by_their_paths_in_an_error_of_the_callers_class() -> None:
    file = Section("f.toml", "", {"a": {"b": {"c": 1, "d": 2}}}, SettingsError)
    inner = file.section("a").section("b")
    with pytest.raises(SettingsError) as refused:
        inner.text("c")
    assert str(refused.value) == "f.toml: a.b.c: 1 is not accepted; accepted: a text, not empty"
    with pytest.raises(SettingsError) as unknown:
        inner.close()
    assert str(unknown.value) == "f.toml: a.b.d: unknown key; [a.b] here takes c"
    file.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xef\xbb\xbfa = 1", "begins with a byte order mark"),
        (b"a = \xff", "not UTF-8 text (byte 4)"),
        (b"a = ", "not TOML: "),
        (b"a = 1\na = 2", "not TOML: "),
        (b"a = " + b"[" * 100_000, "not TOML: "),
        (b"a = " + b"9" * 5_000, "not TOML: "),
    ],
    ids=["marked", "not UTF-8", "unfinished", "twice", "too deep", "too long"],
)
def test_a_file_that_is_no_toml_is_refused_with_its_path(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read_toml(path, SettingsError)
    assert str(refused.value).startswith(f"{path}: {says}")


def test_an_absent_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"cannot be read \(No such file or directory\); write one$"):
        read_toml(tmp_path / "absent.toml", remedy="write one")
    with pytest.raises(PolicyError, match=r"cannot be read \(No such file or directory\)$"):
        read_toml(tmp_path / "absent.toml")


def test_a_file_and_its_text_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text("a = 1\n[b]\nc = ['d']\n", encoding="utf-8")
    assert read_toml(path) == parse_toml(path.read_text(encoding="utf-8"), "f.toml") == {"a": 1, "b": {"c": ["d"]}}


def test_a_repeated_name_is_refused_and_different_ones_are_not() -> None:
    refuse_repetition("f.toml", ["a", "b"])
    with pytest.raises(PolicyError, match=r"^f\.toml: 'a' is the name of two$"):
        refuse_repetition("f.toml", ["a", "b", "a"])
