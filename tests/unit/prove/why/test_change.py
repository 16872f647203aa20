"""The change that is proposed allows the request, and what else it opens is what the prover finds."""

import pytest

from tableguard.policy.evaluate import decide
from tableguard.prove.why.change import SID, AllowingChange, _replaced, smallest
from tests.worlds.explanations import PLAIN, explanation

SCOPE = "policies/scp/deny_strangers.json"


def change(call: str, principal: str, **context: str) -> AllowingChange:
    answer = explanation(call, principal, PLAIN, {key.replace("_", ":"): value for key, value in context.items()})
    assert not answer.decision.allowed
    proposed = smallest(answer.request, answer.world, answer.estate, answer.decision.because[0])
    world = answer.world
    for edit in proposed.edits:
        assert not decide(world, answer.request).allowed  # none of them is needless
        world = _replaced(world, edit)
    assert decide(world, answer.request).allowed is proposed.allows
    return proposed


@pytest.mark.parametrize(
    ("call", "principal", "layers"),
    [
        ("dynamodb:DeleteTable table/<table-name>", "role/Admin", ["scp", "scp"]),
        ("dynamodb:DeleteTable table/<table-name>", "role/cruddur-operator", ["scp", "identity"]),
        ("sts:AssumeRole role/cruddur-deployer", "role/Admin", ["rcp", "rcp", "scp", "scp", "resource"]),
        ("kms:Decrypt alias/cruddur-table", "role/cruddur-application", ["resource"]),
        ("dynamodb:Scan table/<table-name>", "role/cruddur-application", ["resource", "identity", "boundary"]),
        ("iam:CreateAccountAlias *", "role/cruddur-auditor", ["identity"]),
        ("dynamodb:CreateTable arn:aws:dynamodb:us-east-1:<account-id>:table/a", "role/Admin", ["scp", "scp"]),
    ],
)
def test_the_edits_together_allow_the_request_and_each_is_needed(call: str, principal: str, layers: list[str]) -> None:
    proposed = change(call, principal, **({"aws_RequestedRegion": "us-east-1"} if "us-east-1" in call else {}))
    assert proposed.allows
    assert [edit.layer for edit in proposed.edits] == layers


def test_a_caller_is_exempted_where_the_statement_exempts_callers_already() -> None:
    first, *_ = change("dynamodb:DeleteTable table/<table-name>", "role/Admin").edits
    assert (first.sid, first.path) == ("DenyStrangersAtTheTable", "Condition/ArnNotLike/aws:PrincipalArn")
    assert first.added == "arn:aws:iam::111122223333:role/Admin"
    assert first.place is not None
    assert first.place.file == SCOPE


def test_a_statement_is_added_where_nothing_allows() -> None:
    _, added = change("dynamodb:DeleteTable table/<table-name>", "role/cruddur-operator").edits
    assert added.added == {
        "Sid": SID,
        "Effect": "Allow",
        "Action": "dynamodb:DeleteTable",
        "Resource": "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages",
    }


def test_a_trust_policy_names_the_caller_and_no_resource() -> None:
    *_, trust = change("sts:AssumeRole role/cruddur-deployer", "role/Admin").edits
    assert trust.policy == "trust policy of role/cruddur-deployer"
    assert trust.added["Principal"] == {"AWS": "arn:aws:iam::111122223333:role/Admin"}
    assert "Resource" not in trust.added


def opened(proposed: AllowingChange) -> set[str]:
    allowed = [one for one in proposed.others.changes if one.newly == "allowed"]
    return {action for one in allowed for action in one.actions if proposed.opens(action)}


def test_an_exemption_opens_what_its_statement_stopped_and_an_added_statement_nothing_else() -> None:
    exempted = change("dynamodb:DeleteTable table/<table-name>", "role/Admin")
    assert {"dynamodb:PutItem", "dynamodb:Scan"} <= opened(exempted)
    assert "kms:Decrypt" not in opened(exempted)  # acts on no table
    added = change("iam:CreateAccountAlias *", "role/cruddur-auditor")
    assert (opened(added), added.elsewhere.changes) == (set(), ())


def test_two_statements_of_one_document_are_edited_together() -> None:
    proposed = change("dynamodb:CreateTable arn:aws:dynamodb:us-east-1:<account-id>:table/a", "role/Admin",
                      aws_RequestedRegion="us-east-1")  # fmt: skip
    assert [edit.policy for edit in proposed.edits] == ["deny_off_region_tables", "deny_off_region_tables"]
    assert len({edit.sid for edit in proposed.edits}) == 2


def test_a_caller_without_a_name_cannot_be_exempted() -> None:
    proposed = change("dynamodb:Scan table/<table-name>", "*")
    assert (proposed.allows, proposed.edits) == (False, ())
