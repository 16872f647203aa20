"""The documents of policies/ as data: read strictly, filled completely, and refused with place and reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.policy import documents
from tableguard.policy.documents import PolicyDocument
from tableguard.settings import example

VALUES: dict[str, str | tuple[str, ...]] = {
    "name": "cruddur",
    "account-id": "111122223333",
    "regions": ("eu-central-1", "eu-west-1"),
    "roles": ("arn:aws:iam::111122223333:role/a",),
    "nobody": (),
}


def document(body: Any) -> PolicyDocument:
    return PolicyDocument("scp", "some", Path("some.json"), {"Statement": body})


def filled(body: Any) -> Any:
    return documents.fill(document(body), VALUES)["Statement"]


@pytest.mark.parametrize(
    ("written", "stands_for"),
    [
        ("role/<name>-x", "role/cruddur-x"),
        ("<account-id>:<name>", "111122223333:cruddur"),
        ({"StringEquals": {"k": "<name>"}}, {"StringEquals": {"k": "cruddur"}}),
        (["<name>", "other"], ["cruddur", "other"]),
        (["<regions>"], ["eu-central-1", "eu-west-1"]),
        (["first", "<regions>", "last"], ["first", "eu-central-1", "eu-west-1", "last"]),
        (["<roles>", "<regions>"], ["arn:aws:iam::111122223333:role/a", "eu-central-1", "eu-west-1"]),
        (["a:<regions>:<name>"], ["a:eu-central-1:cruddur", "a:eu-west-1:cruddur"]),
        ([["<regions>"]], [["eu-central-1", "eu-west-1"]]),
        ([1, True, None], [1, True, None]),
        ("${aws:PrincipalTag/user_uuid}", "${aws:PrincipalTag/user_uuid}"),
        ("a < b > c <Name> <>", "a < b > c <Name> <>"),
    ],
)
def test_a_placeholder_becomes_its_value_and_everything_else_stays(written: Any, stands_for: Any) -> None:
    assert filled(written) == stands_for


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("<nothing>", "no value for <nothing>; known placeholders: account-id, name, nobody, regions, roles"),
        ("<regions>", "<regions> is a list and stands inside a text; write it in a list"),
        ({"k": "in <regions>"}, "<regions> is a list and stands inside a text"),
        (["<nobody>"], "the list for <nobody> is empty; name at least one value"),
        (["a:<nobody>"], "the list for <nobody> is empty"),
        (["<regions>:<roles>"], "'<regions>:<roles>' holds 2 lists; one list item takes one of them"),
        (["<regions>:<regions>"], "holds 2 lists"),
    ],
)
def test_a_placeholder_that_cannot_be_filled_is_refused_with_the_document_s_name(written: Any, reason: str) -> None:
    with pytest.raises(PolicyError) as error:
        filled(written)
    assert str(error.value).startswith("scp/some.json: ")
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"Version": ', ":1:13: not JSON"),
        (b"[]", "a policy document is a JSON object, not list"),
        (b'{"Effect": "Deny", "Effect": "Allow"}', "key 'Effect' is written twice in one object"),
        (b'{"a": "\xff"}', "not UTF-8 text (byte 7)"),
        (b'{"a":' * 20_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_document_is_refused_with_its_name(tmp_path: Path, text: bytes, reason: str) -> None:
    (tmp_path / "scp").mkdir()
    path = tmp_path / "scp" / "broken.json"
    path.write_bytes(text)
    with pytest.raises(PolicyError) as error:
        documents.load("scp", "broken", tmp_path)
    assert str(error.value).startswith(str(path))
    assert reason in str(error.value)


def test_an_absent_document_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"absent\.json: cannot be read"):
        documents.load("scp", "absent", tmp_path)


@pytest.mark.parametrize("settings", ["default", "existing-vpc"])
def test_every_shipped_document_is_filled_without_remainder(settings: str) -> None:
    values = example(settings).policy_values()
    for policy in documents.load_all():
        assert documents.placeholders(documents.fill(policy, values)) == frozenset()


def test_the_shipped_documents_use_no_placeholder_but_those_of_the_settings() -> None:
    used = frozenset().union(*(documents.placeholders(policy.document) for policy in documents.load_all()))
    assert used <= set(example().policy_values())


def test_every_action_of_a_shipped_document_has_a_line_of_its_own() -> None:
    for policy in documents.load_all():
        text = policy.path.read_text(encoding="utf-8")
        assert text == json.dumps(policy.document, indent=2) + "\n", policy.place


def test_there_is_a_document_of_every_kind() -> None:
    assert {policy.kind for policy in documents.load_all()} == set(documents.KINDS)
