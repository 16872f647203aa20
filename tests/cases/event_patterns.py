"""Event patterns with what they select and what not, asked of our matcher and of Event Ruler.

The first table is that of AWS's page, operator by operator, with a value beside each that it does not select:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A pattern, an event that it selects, and a twin that it does not."""

    name: str
    pattern: Json
    event: Json
    twin: Json


DOCUMENTED = (
    Case(
        "and",
        {"Location": ["New York"], "Day": ["Monday"]},
        {"Location": "New York", "Day": "Monday"},
        {"Location": "New York", "Day": "Friday"},
    ),
    Case("anything-but", {"state": [{"anything-but": "initializing"}]}, {"state": "on"}, {"state": "initializing"}),
    Case(
        "anything-but, several texts",
        {"state": [{"anything-but": ["stopped", "overloaded"]}]},
        {"state": "on"},
        {"state": "overloaded"},
    ),
    Case(
        "anything-but, several numbers",
        {"x-limit": [{"anything-but": [100, 200, 300]}]},
        {"x-limit": 150},
        {"x-limit": 200},
    ),
    Case(
        "anything-but, begins",
        {"Region": [{"anything-but": {"prefix": "us-"}}]},
        {"Region": "eu-1"},
        {"Region": "us-1"},
    ),
    Case(
        "anything-but, begins with one of several",
        {"state": [{"anything-but": {"prefix": ["init", "error"]}}]},
        {"state": "on"},
        {"state": "errors"},
    ),
    Case(
        "anything-but, ends",
        {"FileName": [{"anything-but": {"suffix": ".png"}}]},
        {"FileName": "a.txt"},
        {"FileName": "a.png"},
    ),
    Case(
        "anything-but, ends with one of several",
        {"FileName": [{"anything-but": {"suffix": [".txt", ".rtf"]}}]},
        {"FileName": "a.png"},
        {"FileName": "a.rtf"},
    ),
    Case(
        "anything-but, ignoring case",
        {"state": [{"anything-but": {"equals-ignore-case": "initializing"}}]},
        {"state": "initialized"},
        {"state": "INITIALIZING"},
    ),
    Case(
        "anything-but, ignoring case of several",
        {"state": [{"anything-but": {"equals-ignore-case": ["initializing", "stopped"]}}]},
        {"state": "on"},
        {"state": "Stopped"},
    ),
    Case(
        "anything-but, wildcard",
        {"FilePath": [{"anything-but": {"wildcard": "*/lib/*"}}]},
        {"FilePath": "/usr/bin/a"},
        {"FilePath": "/usr/lib/a"},
    ),
    Case(
        "anything-but, several wildcards",
        {"FilePath": [{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}]},
        {"FilePath": "/usr/share/a"},
        {"FilePath": "/usr/bin/a"},
    ),
    Case("begins", {"Region": [{"prefix": "us-"}]}, {"Region": "us-east-1"}, {"Region": "eu-us-1"}),
    Case(
        "begins, ignoring case",
        {"service": [{"prefix": {"equals-ignore-case": "EventB"}}]},
        {"service": "eventbridge"},
        {"service": "events"},
    ),
    Case("empty", {"LastName": [""]}, {"LastName": ""}, {"LastName": " "}),
    Case("equals", {"Name": ["Alice"]}, {"Name": "Alice"}, {"Name": "alice"}),
    Case("equals, ignoring case", {"Name": [{"equals-ignore-case": "alice"}]}, {"Name": "Alice"}, {"Name": "Alices"}),
    Case("ends", {"FileName": [{"suffix": ".png"}]}, {"FileName": "a.png"}, {"FileName": "a.png.txt"}),
    Case(
        "ends, ignoring case",
        {"service": [{"suffix": {"equals-ignore-case": "tBridge"}}]},
        {"service": "EVENTBRIDGE"},
        {"service": "bridge"},
    ),
    Case("exists", {"ProductName": [{"exists": True}]}, {"ProductName": "a"}, {"Product": "a"}),
    Case("does not exist", {"ProductName": [{"exists": False}]}, {"Product": "a"}, {"ProductName": "a"}),
    Case("not", {"Weather": [{"anything-but": ["Raining"]}]}, {"Weather": "Sunny"}, {"Weather": "Raining"}),
    Case("null", {"UserID": [None]}, {"UserID": None}, {"UserID": ""}),
    Case("number", {"Price": [{"numeric": ["=", 100]}]}, {"Price": 100.0}, {"Price": 100.5}),
    Case("number in a range", {"Price": [{"numeric": [">", 10, "<=", 20]}]}, {"Price": 20}, {"Price": 10}),
    Case("or", {"PaymentType": ["Credit", "Debit"]}, {"PaymentType": "Debit"}, {"PaymentType": "Cash"}),
    Case(
        "or, several fields",
        {"$or": [{"Location": ["New York"]}, {"Day": ["Monday"]}]},
        {"Location": "Boston", "Day": "Monday"},
        {"Location": "Boston", "Day": "Friday"},
    ),
    Case(
        "wildcard", {"FileName": [{"wildcard": "dir/*.png"}]}, {"FileName": "dir/sub/a.png"}, {"FileName": "dir/a.jpg"}
    ),
    Case(
        "an address in a range",
        {"sourceIPAddress": [{"cidr": "10.0.0.0/24"}]},
        {"sourceIPAddress": "10.0.0.255"},
        {"sourceIPAddress": "10.0.1.0"},
    ),
    Case(
        "a range of numbers and an or",
        {
            "detail": {
                "$or": [{"c-count": [{"numeric": [">", 0, "<=", 5]}]}, {"x-limit": [{"numeric": ["=", 3.018e2]}]}]
            }
        },
        {"detail": {"c-count": 9, "x-limit": 301.8}},
        {"detail": {"c-count": 0, "x-limit": 301}},
    ),
)

# The rules of a field, a value that satisfies them, and its nearest neighbour that does not.
RULES: tuple[tuple[list[Any], Any, Any], ...] = (
    ([True], True, 1),
    ([False], False, 0),
    ([0], 0, False),
    ([300], 300.0, "300"),
    (["300"], "300", 300),
    (["10.0.0.1"], "010.0.0.1", "10.0.0.2"),  # an address is one however it is written
    (["::1"], "0:0:0:0:0:0:0:1", "::2"),
    (["1.2.3.999"], "1.2.3.999", "1.2.3.99"),
    ([{"anything-but": "10.0.0.1"}], "010.0.0.1", "10.0.0.1"),  # but what is excluded is a text
    ([12345678901234567890], 12345678901234567890, 12345678901234567891),
    ([{"prefix": ""}], "", None),
    ([{"anything-but": ["Raining", "Snowing"]}], "raining", "Snowing"),
    ([{"anything-but": ""}], None, ""),
    ([{"anything-but": [1, 2]}], "1", 1),
    ([{"anything-but": {"prefix": "us-"}}], 1, "us-west-1"),
    ([{"anything-but": {"equals-ignore-case": ""}}], True, ""),
    ([{"numeric": [">=", 10, "<", 20]}], 10, 20),
    ([{"numeric": ["<", 0]}], -0.5, 0),
    ([{"numeric": ["<=", 1e3]}], 1000, 1000.5),
    ([{"numeric": [">", 0]}], 1, "1"),
    ([{"numeric": [">", 0]}], 1, True),
    ([{"exists": True}], None, {"S": "not a leaf"}),
    ([{"exists": False}], {"S": "not a leaf"}, "a leaf"),
    ([{"exists": False}, "x"], "x", "y"),
    ([{"prefix": "a"}, {"suffix": "z"}], "xyz", "xyza"),
    (["b"], ["a", "b"], ["a", "c"]),  # of an array, one element is enough
    ([{"anything-but": "a"}], ["a", "b"], ["a", "a"]),
    ([{"exists": True}], [["a"]], []),
    ([{"wildcard": ""}], "", "a"),
    ([{"wildcard": "*"}], "a\nb", None),
    ([{"wildcard": r"a\**"}], "a*b", "ab"),
    ([{"wildcard": r"a\\*"}], "a\\b", "ab"),
    ([{"wildcard": "a*b*c"}], "axbxbc", "axcxb"),
    ([{"cidr": "2001:db8::/32"}], "2001:0db8:1::1", "2001:db9::1"),
    ([{"cidr": "10.0.0.7/24"}], "10.0.0.1", "10.0.0"),
    ([{"equals-ignore-case": "ÄGYPTEN"}], "ägypten", "agypten"),
    ([{"equals-ignore-case": "straße"}], "STRASSE", "strasse"),  # letter by letter: ß is ß or SS
)

_RESOURCES = {"resources": [{"type": "AWS::S3::Bucket", "id": "a"}, {"type": "AWS::KMS::Key", "id": "b"}]}

# Levels, arrays of objects, dots, and where absence is looked for.
STRUCTURES = (
    Case("a level", {"a": {"b": ["c"]}}, {"a": {"b": "c"}}, {"b": "c"}),
    Case("a dot is a level", {"a.b": ["c"]}, {"a": {"b": "c"}}, {"a": "c"}),
    Case("a level is a dot", {"a": {"b": ["c"]}}, {"a.b": "c"}, {"a-b": "c"}),
    Case(
        "an element of an array",
        {"resources": {"type": ["AWS::KMS::Key"]}},
        _RESOURCES,
        {"resources": [{"id": "AWS::KMS::Key"}]},
    ),
    Case(
        "two fields of one element",
        {"resources": {"type": ["AWS::KMS::Key"], "id": ["b"]}},
        _RESOURCES,
        {"resources": [{"type": "AWS::KMS::Key", "id": "a"}, {"type": "AWS::S3::Bucket", "id": "b"}]},
    ),
    Case(
        "an element of an array within an array",
        {"a": {"b": {"c": [1], "d": [2]}}},
        {"a": [{"b": [{"c": 1}]}, {"b": [{"c": 0}, {"c": 1, "d": 2}]}]},
        {"a": [{"b": [{"c": 1}]}, {"b": [{"c": 0, "d": 2}]}]},
    ),
    Case(
        "a field outside the array",
        {"resources": {"id": ["b"]}, "z": [1]},
        {**_RESOURCES, "z": 1},
        {**_RESOURCES, "z": 2},
    ),
    Case(
        "absence before what chooses an element: from all of them",
        {"a": {"b": [{"exists": False}], "c": [1]}},
        {"a": [{"c": 1}, {"c": 2}]},
        {"a": [{"c": 1}, {"b": 2}]},
    ),
    Case(
        "absence after what chooses an element: from that one",
        {"a": {"b": [1], "c": [{"exists": False}]}},
        {"a": [{"b": 1}, {"c": 2}]},
        {"a": [{"b": 1, "c": 2}]},
    ),
    Case(
        "an or within a level",
        {"a": {"$or": [{"b": [1]}, {"c": [2]}]}, "d": [3]},
        {"a": {"c": 2}, "d": 3},
        {"c": 2, "d": 3},
    ),
    Case(
        "an or within an or",
        {"$or": [{"a": [1], "$or": [{"b": [2]}, {"c": [3]}]}, {"d": [4]}]},
        {"a": 1, "c": 3},
        {"a": 2, "c": 3},
    ),
    Case(
        "two ors",
        {"x": {"$or": [{"a": [1]}, {"b": [2]}]}, "y": {"$or": [{"a": [1]}, {"b": [2]}]}},
        {"x": {"a": 1}, "y": {"b": 2}},
        {"x": {"a": 1, "b": 2}, "y": {}},
    ),
)

CASES = (
    *DOCUMENTED,
    *(Case(f"{rules}", {"field": rules}, {"field": value}, {"field": other}) for rules, value, other in RULES),
    *STRUCTURES,
)

# What AWS refuses, with the words in which we do.
REFUSED = {
    "single-text": "not JSON",
    '[{"eventName": ["INSERT"=123}]': "not JSON",
    '["a"]': "a pattern is an object with at least one field",
    "{}": "a pattern is an object with at least one field",
    '{"a": {}}': "field a: a pattern is an object with at least one field",
    '{"a": "b"}': "field a: a pattern is an object with at least one field",
    '{"a": 1}': "field a: a pattern is an object with at least one field",
    '{"a": []}': "field a: an empty array matches nothing",
    '{"a": [["b"]]}': "field a: an array inside an array",
    '{"a": [{}]}': "field a: {}: a comparison is an object with one key; there are: equals-ignore-case, anything-but",
    '{"a": [{"prefixes": "b"}]}': 'field a: {"prefixes": "b"} is no comparison; there are',
    '{"a": [{"prefix": "b", "suffix": "c"}]}': "a comparison is an object with one key",
    '{"a": [{"prefix": 1}]}': "prefix takes a text, not 1",
    '{"a": [{"prefix": {"suffix": "b"}}]}': "prefix takes a text or equals-ignore-case",
    '{"a": [{"suffix": {"equals-ignore-case": 1}}]}': "equals-ignore-case takes a text, not 1",
    '{"a": [{"equals-ignore-case": null}]}': "equals-ignore-case takes a text, not null",
    '{"a": [{"exists": "yes"}]}': "exists takes true or false",
    '{"a": [{"exists": true, "prefix": "b"}]}': "a comparison is an object with one key",
    '{"a": [{"anything-but": []}]}': "anything-but takes texts or numbers, of one kind",
    '{"a": [{"anything-but": ["b", 1]}]}': "anything-but takes texts or numbers, of one kind",
    '{"a": [{"anything-but": [true]}]}': "anything-but takes texts or numbers, of one kind",
    '{"a": [{"anything-but": null}]}': "anything-but takes texts or numbers, of one kind",
    '{"a": [{"anything-but": {"prefix": ""}}]}': "an empty prefix would exclude everything or nothing",
    '{"a": [{"anything-but": {"suffix": []}}]}': "an empty suffix would exclude everything or nothing",
    '{"a": [{"anything-but": {"prefix": 1}}]}': "prefix takes a text, not 1",
    '{"a": [{"anything-but": {"numeric": ["=", 1]}}]}': "anything-but takes prefix, suffix, equals-ignore-case",
    '{"a": [{"anything-but": {"wildcard": "a**"}}]}': "two wildcards side by side",
    '{"a": [{"numeric": []}]}': "write [sign, number]",
    '{"a": [{"numeric": [">"]}]}': "write [sign, number]",
    '{"a": [{"numeric": [">", "1"]}]}': '"1" is no number',
    '{"a": [{"numeric": ["=", 12345678901234567890]}]}': "too precise to compare",
    '{"a": [{"numeric": ["<", 9, ">", 1]}]}': "write [sign, number], or the lower bound and the upper",
    '{"a": [{"numeric": [">", 9, "<", 1]}]}': "the lower bound is to be less than the upper",
    '{"a": [{"numeric": [">", 1, "<", 1]}]}': "the lower bound is to be less than the upper",
    '{"a": [{"numeric": ["=", 1, "<", 2]}]}': "write [sign, number]",
    '{"a": [{"wildcard": 1}]}': "wildcard takes a text, not 1",
    '{"a": [{"wildcard": "b**"}]}': "two wildcards side by side",
    r'{"a": [{"wildcard": "b\\c"}]}': "a backslash stands before an asterisk or another backslash",
    r'{"a": [{"wildcard": "b\\"}]}': "a backslash stands before an asterisk or another backslash",
    '{"a": [{"cidr": "10.0.0.0"}]}': "write an address, a slash and a number of bits",
    '{"a": [{"cidr": "10.0.0/24"}]}': "write an address, a slash and a number of bits",
    '{"a": [{"cidr": "10.0.0.0/-1"}]}': "write an address, a slash and a number of bits",
    '{"a": [{"cidr": "10.0.0.0/32"}]}': "fewer than 32 bits; write one address as a text",
    '{"a": [{"cidr": "::/128"}]}': "fewer than 128 bits",
    '{"$or": [{"a": ["b"]}]}': "$or takes an array of at least two objects",
    '{"$or": {"a": ["b"]}}': "$or takes an array of at least two objects",
    '{"$or": [{"a": ["b"]}, 1]}': "a pattern is an object with at least one field",
    '{"$or": [{"a": ["b"]}, {"c": []}]}': "field c: an empty array matches nothing",
    '{"$or": [{"a": ["b"]}, {"prefix": ["c"]}]}': "field prefix: the name is reserved within $or",
}

# What AWS's engine takes, and of which it forgets one of two without a word.
AMBIGUOUS = {
    '{"a": ["b"], "$or": [{"a": ["c"]}, {"d": ["e"]}]}': "field a: stands twice",
    '{"a": {"b": ["1"]}, "$or": [{"c": ["1"]}, {"a": {"b": ["2"]}}]}': "field a.b: stands twice",
    '{"a": {"b": ["1"]}, "a.b": ["2"]}': "field a.b: stands twice",
    '{"a": ["b"], "a": ["c"]}': "a key is written twice in one object",
}
