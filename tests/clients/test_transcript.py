"""The reader of transcripts: what an answer must be, and that another one is noticed. It asks no client."""

from dataclasses import replace

import pytest

from tests.clients.aws_cli import Answer
from tests.clients.transcript import NAMES, Call, Expected, differences, read, row, undue_mark
from tests.paths import ROOT

LISTED = Answer(0, '{\n    "TableNames": [\n        "a"\n    ]\n}\n', "", [200], 0, 0.0)
REFUSED = Answer(255, "", "An error occurred (ValidationException) when calling the Scan operation: no", [400], 0, 0.0)
DENIED = replace(REFUSED, err="An error occurred (AccessDenied) when calling the X operation: because no policy")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (LISTED, Expected("ok", '{"TableNames": ["a"]}')),
        (REFUSED, Expected("error", "ValidationException: no")),
        (DENIED, Expected("denied", "because no policy")),
        (replace(REFUSED, err=REFUSED.err.replace("Validation", "Not")), Expected("error", "NotException")),
        (replace(REFUSED, err="An error occurred (NotModelled) when calling"), Expected("not modelled")),
        (replace(DENIED, err=DENIED.err + " the embedded AWS cannot decide: x"), Expected("cannot decide")),
        (replace(REFUSED, err="usage: aws", statuses=[]), Expected("usage", "usage: aws")),
        (replace(REFUSED, err="would go to example.com", statuses=[]), Expected("leaves", "example.com")),
    ],
)
def test_an_answer_is_as_expected_and_nothing_else(answer: Answer, expected: Expected) -> None:
    assert differences(answer, expected, {}) == []
    other = Expected("denied" if expected.kind != "denied" else "ok", expected.text)
    assert differences(answer, other, {})
    assert differences(answer, replace(expected, text="another text"), {})


@pytest.mark.parametrize(
    "worse",
    [
        {"statuses": [503, 200]},
        {"retries": 1},
        {"err": "Traceback (most recent call last):"},
        {"err": "<!doctype html>"},
        {"err": "EmbeddedAwsFailed"},
    ],
)
def test_what_clients_repeat_or_cannot_read_is_no_answer(worse: dict[str, object]) -> None:
    assert differences(LISTED, Expected("ok"), {}) == []
    assert differences(replace(LISTED, **worse), Expected("ok"), {})  # type: ignore[arg-type]  # one field each


def test_a_mark_is_undue_where_an_engine_answers_as_aws_does() -> None:
    call = Call("administrator", "dynamodb list-tables", {"": Expected("ok", '"a"'), "moto": Expected("not modelled")})
    assert undue_mark(call, LISTED, "moto", {})
    assert not undue_mark(call, REFUSED, "moto", {})
    assert not undue_mark(call, LISTED, "dynamodb-local", {})  # which has no mark


def test_the_page_counts_the_commands_and_how_they_are_answered() -> None:
    page = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith(tuple(f"| {name} |" for name in NAMES))] == [
        row(name) for name in NAMES
    ]
    assert f"**{sum(len(read(name)) for name in NAMES)} commands**" in page
