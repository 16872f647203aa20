"""Placeholders: filled completely, and refused with place and reason."""

from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.reading import placeholders

VALUES: dict[str, str | tuple[str, ...]] = {
    "name": "cruddur",
    "account-id": "111122223333",
    "regions": ("eu-central-1", "eu-west-1"),
    "roles": ("arn:aws:iam::111122223333:role/a",),
    "nobody": (),
}


def filled(body: Any) -> Any:
    return placeholders.fill({"Statement": body}, VALUES, "scp/some.json")["Statement"]


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


def test_every_placeholder_is_listed_wherever_it_stands() -> None:
    node = {"<a>": ["<b>-<c>", {"k": "x<d>"}], "n": 1}
    assert placeholders.names(node) == {"a", "b", "c", "d"}
    assert placeholders.names({"k": "no < placeholder >"}) == frozenset()


@pytest.mark.parametrize(
    ("key", "of_account"),
    [
        ("aws:PrincipalOrgID", "aws:PrincipalAccount"),
        ("aws:ResourceOrgID", "aws:ResourceAccount"),
        ("aws:SourceOrgID", "aws:SourceAccount"),
        ("aws:VpceOrgID", "aws:VpceAccount"),
    ],
)
def test_without_an_organization_the_account_is_asked_for(key: str, of_account: str) -> None:
    values = {"organization-id": "o-exampleorgid", "account-id": "111122223333"}
    for written, there, alone in (
        ("<organization-id>", "o-exampleorgid", "111122223333"),
        (["<organization-id>"], ["o-exampleorgid"], ["111122223333"]),
    ):
        condition = {"StringEquals": {key: written}}
        assert placeholders.fill(condition, values, "here") == {"StringEquals": {key: there}}
        without = {**values, "organization-id": ""}
        assert placeholders.fill(condition, without, "here") == {"StringEquals": {of_account: alone}}


def test_a_key_that_names_another_organization_stays() -> None:
    values = {"organization-id": "", "account-id": "111122223333"}
    other = {"aws:PrincipalOrgID": "o-otherorgid1"}
    assert placeholders.fill(other, values, "here") == other
