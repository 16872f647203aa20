"""Bytes and units of items, by the rules on DynamoDB's own pages."""

from typing import Any

import pytest

from tableguard.aws.capacity import Consumption, Index, index_of, read_units, write_units
from tableguard.aws.item_size import Image, item_size, significant_digits

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
EVERYTHING = Index("by-time", ("pk", "at"), None, is_global=True)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "né"}, 3),
        ({"N": "0"}, 1),
        ({"N": "5"}, 2),
        ({"N": "55"}, 2),
        ({"N": "555"}, 3),
        ({"N": "-55"}, 3),
        ({"N": "5500"}, 2),
        ({"N": "0.0055"}, 2),
        ({"N": "1e30"}, 2),
        ({"B": b"\x00\xff"}, 2),
        ({"B": "AP8="}, 2),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}, {"S": "b"}]}, 7),
        ({"M": {}}, 3),
        ({"M": {"ab": {"S": "c"}}}, 7),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BS": [b"a", "YmM="]}, 3),
    ],
)
def test_a_value_has_its_bytes(value: dict[str, Any], size: int) -> None:
    assert item_size({"name": value}) == len("name") + size


def test_digits_count_without_the_zeroes_around_them() -> None:
    assert [significant_digits(number) for number in ("0", "1", "100", "0.0010", "1.0203", "-12e5")] == [
        0,
        1,
        1,
        1,
        5,
        2,
    ]


def _of(size: int, **more: str) -> Image:
    """An item of so many bytes."""
    image = {**KEY, **{name: {"S": value} for name, value in more.items()}, "x": {"S": ""}}
    return {**image, "x": {"S": "x" * (size - item_size(image))}}


@pytest.mark.parametrize(
    ("before", "after", "units"), [(None, 1024, 1), (None, 1025, 2), (3000, 10, 3), (10, 3000, 3), (2049, None, 3)]
)
def test_a_write_costs_a_unit_for_each_kilobyte_of_the_larger_item(
    before: int | None, after: int | None, units: int
) -> None:
    assert write_units(*(None if size is None else _of(size) for size in (before, after))) == units


def test_a_write_of_nothing_costs_a_unit() -> None:
    assert write_units(None, None) == 1


@pytest.mark.parametrize(
    ("size", "consistent", "units"), [(0, True, 1), (4096, True, 1), (4097, True, 2), (9000, False, 1.5)]
)
def test_a_read_costs_a_unit_for_each_four_kilobytes(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent) == units


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, _of(20), 0),  # without the key, there is no entry
        (None, _of(20, at="1"), 1),
        (None, _of(2000, at="1"), 2),
        (_of(20, at="1"), None, 1),
        (_of(20, at="1"), _of(20), 1),
        (_of(20, at="1"), _of(20, at="1"), 0),
        (_of(20, at="1"), _of(21, at="1"), 1),
        (_of(2000, at="1"), _of(20, at="1"), 2),
        (_of(20, at="1"), _of(20, at="2"), 2),  # removed and inserted
        (_of(1500, at="1"), _of(2500, at="2"), 5),  # each rounded by itself
    ],
)
def test_an_index_costs_what_changes_in_it(before: Image | None, after: Image | None, units: int) -> None:
    assert EVERYTHING.write_units(before, after) == units


def test_an_index_holds_its_keys_and_what_it_projects() -> None:
    key = [{"AttributeName": "at", "KeyType": "HASH"}]
    item = {**KEY, "at": {"S": "1"}, "a": {"S": "a"}, "b": {"S": "b"}}
    projections: list[dict[str, Any]] = [
        {"ProjectionType": "ALL"},
        {"ProjectionType": "KEYS_ONLY"},
        {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]},
    ]
    indexes = [
        index_of({"IndexName": "i", "KeySchema": key, "Projection": each}, ("pk", "sk"), True) for each in projections
    ]
    assert [sorted(index.entry(item) or {}) for index in indexes] == [
        ["a", "at", "b", "pk", "sk"],
        ["at", "pk", "sk"],
        ["a", "at", "pk", "sk"],
    ]


def test_a_local_index_is_told_apart_from_a_global_one() -> None:
    consumed = Consumption("t")
    consumed.add_write((Index("local", ("pk", "at"), None, is_global=False),), None, _of(20, at="1"), False)
    assert consumed.describe("INDEXES") == {
        "TableName": "t",
        "CapacityUnits": 2.0,
        "Table": {"CapacityUnits": 1.0},
        "LocalSecondaryIndexes": {"local": {"CapacityUnits": 1.0}},
    }


def test_a_transaction_doubles_the_table_and_not_the_index() -> None:
    consumed = Consumption("t")
    consumed.add_write((EVERYTHING,), None, _of(1500, at="1"), True)
    assert (consumed.table, consumed.global_indexes) == (4, {"by-time": 2})
    assert consumed.describe("TOTAL", "WriteCapacityUnits") == {
        "TableName": "t",
        "CapacityUnits": 6.0,
        "WriteCapacityUnits": 6.0,
    }
