"""A question over all requests is proved, refuted by a request that the evaluator confirms, or has a reason why not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tableguard.policy.evaluate import World, decide
from tableguard.policy.worlds import Scope
from tableguard.prove.engine import enumeration, prover
from tableguard.prove.engine.dominance import texts
from tableguard.prove.engine.prover import Proof, fails
from tableguard.prove.engine.question import Question
from tableguard.prove.engine.unproved import NotProvedError
from tests.worlds.crowds import of_teams
from tests.worlds.policies import ACCOUNT, BREAK_GLASS, FULL, MANAGEMENT, OTHER_ACCOUNT, TABLE, document
from tests.worlds.proofs import DELETION, ESTATE, EXEMPTION, proof, statement, under

GOOD: dict[str, Any] = {
    "Action": ["dynamodb:DeleteTable", "dynamodb:DeleteTableReplica"],
    "Resource": TABLE,
    "Condition": EXEMPTION,
}
REGION: dict[str, Any] = {
    "Action": "dynamodb:CreateTable",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
}


def confirmed(found: Proof) -> bool:
    """Whether the evaluator answers to the counterexample as the prover says."""
    assert found.counterexample is not None
    return decide(found.question.world, found.counterexample) == found.decision


def test_a_denial_to_everybody_but_break_glass_is_proved_with_its_table_of_classes() -> None:
    found = proof(under(GOOD), DELETION)
    assert found.verdict == "proved"
    assert [row.because for row in found.rows] == ["denied by scp policy asked, statement S1"]
    assert found.classes >= 3  # roles, users and root users, of this account and of others


# one field of the good statement changed: https://github.com/aws-samples/service-control-policy-examples has its like
WEAK: list[tuple[str, Mapping[str, Any]]] = [
    ("an action is missing", {"Action": "dynamodb:DeleteTableReplica"}),
    ("an action is misspelt", {"Action": "dynamodb:DeleteTabel"}),
    ("another role is exempt", {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*reak-glass"}}}),
    ("no account is named", {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}}}),
    ("a key is misspelt", {"Condition": {**EXEMPTION, "StringEquals": {"aws:PrincipalAcount": ACCOUNT}}}),
    ("one region is left out", {"Resource": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/messages"}),
    ("the name differs in case", {"Resource": f"arn:aws:dynamodb:*:{ACCOUNT}:table/Messages"}),
    ("a condition more", {"Condition": {**EXEMPTION, "Bool": {"aws:MultiFactorAuthPresent": "false"}}}),
    ("everything but deletions", {"NotAction": "d*:*"}),
]


@pytest.mark.parametrize(("why", "change"), WEAK, ids=[why for why, _ in WEAK])
def test_a_weaker_denial_is_refuted_by_a_request_that_the_evaluator_allows(why: str, change: Mapping[str, Any]) -> None:
    weak = {**GOOD, **change}
    if "NotAction" in weak:
        del weak["Action"]
    found = proof(under(weak), DELETION)
    assert found.verdict == "refuted"
    assert confirmed(found)


EQUIVALENT: list[tuple[str, Mapping[str, Any]]] = [
    ("actions in other case", {"Action": "DYNAMODB:deletetable"}),
    ("every action of the service", {"Action": "dynamodb:*"}),
    ("negation counts an absent key anyway", {"Condition": {"ArnNotLikeIfExists": EXEMPTION["ArnNotLike"]}}),
    ("as a text", {"Condition": {"StringNotLike": EXEMPTION["ArnNotLike"]}}),
    ("equality of ARNs", {"Condition": {"ArnNotEquals": EXEMPTION["ArnNotLike"]}}),
]


@pytest.mark.parametrize(("why", "change"), EQUIVALENT, ids=[why for why, _ in EQUIVALENT])
def test_another_way_to_say_the_same_is_proved_too(why: str, change: Mapping[str, Any]) -> None:
    assert proof(under({**GOOD, **change}), DELETION).verdict == "proved"


def test_whoever_is_exempt_refutes_a_claim_about_everybody() -> None:
    found = proof(under(GOOD), {"Action": "dynamodb:DeleteTable", "Resource": TABLE})
    assert found.counterexample is not None
    assert found.counterexample.principal.arn == BREAK_GLASS


def test_the_management_account_and_service_linked_roles_are_not_bound() -> None:
    found = proof(under(GOOD), DELETION, callers="anyone")
    assert found.verdict == "refuted"
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
    assert proof(under(GOOD), DELETION, callers=(linked,)).verdict == "refuted"
    assert proof(under(GOOD), DELETION, callers=(f"arn:aws:iam::{MANAGEMENT}:role/app",)).verdict == "refuted"
    assert proof(under(GOOD), DELETION, callers=(f"arn:aws:iam::{OTHER_ACCOUNT}:role/app",)).verdict == "proved"


def test_a_region_lock_is_proved_because_every_request_tells_its_region() -> None:
    assert proof(under(REGION), REGION).verdict == "proved"


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotLike": {"aws:RequestedRegion": "eu-*"}},
        {"StringNotEqualsIgnoreCase": {"aws:RequestedRegion": "EU-WEST-1"}, "Null": {"aws:TagKeys": "true"}},
        {"StringNotEquals": {"aws:RequestedRegio": "eu-west-1"}, "Null": {"aws:RequestedRegio": "false"}},
    ],
)
def test_a_wider_region_lock_is_refuted(condition: Mapping[str, Any]) -> None:
    found = proof(under({**REGION, "Condition": condition}), REGION)
    assert found.verdict == "refuted"
    assert confirmed(found)


def test_an_action_that_aws_does_not_have_yet_refutes_a_list_of_known_ones() -> None:
    everything = {"Action": "dynamodb:Delete*", "Resource": TABLE}
    listed = ["dynamodb:DeleteBackup", "dynamodb:DeleteGlobalTableWitness", "dynamodb:DeleteItem"]
    listed += ["dynamodb:DeleteResourcePolicy", "dynamodb:DeleteTable", "dynamodb:DeleteTableReplica"]
    found = proof(under({"Action": listed}), everything)
    assert found.counterexample is not None
    assert found.counterexample.action not in listed
    assert proof(under({"Action": "dynamodb:Delete*"}), everything).verdict == "proved"


def test_for_any_value_of_an_absent_key_does_not_deny() -> None:
    lock: dict[str, Any] = {
        "Action": "s3:PutObject",
        "Condition": {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "team"}},
    }
    found = proof(under(lock), {"Action": "s3:PutObject", "Condition": {"StringNotEquals": {"aws:TagKeys": "team"}}})
    assert found.verdict in ("refuted", "not proved")
    assert proof(under(lock), {"Action": "s3:PutObject", "Condition": lock["Condition"]}).verdict == "proved"


def test_several_values_at_once_are_looked_at() -> None:
    every = {"Action": "s3:*", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}}
    some = {"Action": "s3:*", "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}}}
    found = proof(under(every), some)
    assert found.counterexample is not None
    assert len(found.counterexample.context["aws:tagkeys"]) == 2


@pytest.mark.parametrize(
    ("denied", "asked", "verdict"),
    [
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"NumericLessThanEquals": {"s3:max-keys": "9"}}, "proved"),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, "refuted"),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/7"}}, "proved"),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/9"}}, "refuted"),
        ({"BoolIfExists": {"aws:ViaAWSService": "false"}}, {"Bool": {"aws:ViaAWSService": "false"}}, "proved"),
        ({"Bool": {"aws:ViaAWSService": "false"}}, {"BoolIfExists": {"aws:ViaAWSService": "false"}}, "refuted"),
        (
            {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
            {"DateGreaterThan": {"aws:CurrentTime": "2026-06-01T00:00:00Z"}},
            "proved",
        ),
    ],
)
def test_numbers_addresses_dates_and_truths_are_told_apart_where_the_answer_changes(
    denied: Mapping[str, Any], asked: Mapping[str, Any], verdict: str
) -> None:
    assert (
        proof(under({"Action": "s3:*", "Condition": denied}), {"Action": "s3:*", "Condition": asked}).verdict == verdict
    )


def test_a_variable_stands_for_every_identity() -> None:
    own = {"dynamodb:LeadingKeys": "GRP#${aws:PrincipalTag/user_uuid}"}
    present = {"Null": {"dynamodb:LeadingKeys": "false"}}
    allow = document({"Effect": "Allow", "Condition": {"ForAllValues:StringEquals": own, **present}}, name="member")
    world = World(MANAGEMENT, identity=(allow,))
    foreign = {"Action": "dynamodb:Query", "Condition": {"ForAnyValue:StringNotEquals": own}}
    assert proof(world, foreign, callers="account").verdict == "proved"
    any_member = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "GRP#*"}}
    wide = replace(world, identity=(document({"Effect": "Allow", "Condition": {**any_member, **present}}),))
    found = proof(wide, foreign, callers="account")
    assert found.verdict == "refuted"
    assert confirmed(found)


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"StringLike": {"aws:SourceVpc": "*${aws:userid}"}}, "has a wildcard before its variable"),
        ({"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}, "AWS does not say"),
        ({"StringEquals": {"aws:SourceVpce": "${aws:SourceVpc}${aws:userid}"}}, "has two variables"),
    ],
)
def test_what_cannot_be_decided_for_every_request_is_not_proved_and_says_why(
    condition: Mapping[str, Any], reason: str
) -> None:
    scope = {**DELETION, "Condition": {**EXEMPTION, "Null": {"aws:TagKeys": "true"}}}
    found = proof(under({**GOOD, "Condition": condition}), scope)
    assert found.verdict == "not proved"
    assert reason in found.reason


def test_a_scope_that_no_request_is_in_proves_nothing() -> None:
    nobody = {"StringEquals": {"aws:PrincipalAccount": MANAGEMENT}}
    found = proof(under(GOOD), {"Action": "dynamodb:DeleteTable", "Condition": nobody})
    assert found.verdict == "not proved"
    assert "no request is within the scope" in found.reason


def test_allowed_to_all_is_proved_and_one_exception_refutes_it() -> None:
    role = (f"arn:aws:iam::{ACCOUNT}:role/app",)
    world = World(MANAGEMENT, service_control=((FULL, document(GOOD)),), identity=(FULL,))
    inside = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
    assert proof(world, {"NotAction": GOOD["Action"], "Condition": inside}, "allowed", role).verdict == "proved"
    assert proof(world, {"Action": "*", "Condition": inside}, "allowed", role).verdict == "refuted"


def test_sixty_scps_with_keys_of_their_own_are_no_product_of_them() -> None:
    others = [
        {"Action": f"s3:Put{n}*", "Condition": {"StringNotEquals": {f"aws:PrincipalTag/team{n}": "a"}}}
        for n in range(20)
    ]
    others += [{"Action": "*", "Condition": {"StringEquals": {f"aws:ResourceTag/t{n}": "x"}}} for n in range(40)]
    found = proof(under(*others, GOOD), DELETION)
    assert found.verdict == "proved"
    assert found.classes < 2_000


TIED = {"Action": "kms:Decrypt", "Condition": {"StringLike": {"aws:SourceVpc": "*${aws:userid}"}}}


def test_an_action_that_is_not_decided_hides_no_counterexample_on_another() -> None:
    found = proof(under(TIED, {"Action": "s3:DeleteObject"}), {"Action": ["kms:Decrypt", "s3:DeleteObject", "s3:Get*"]})
    assert found.verdict == "refuted"
    assert confirmed(found)


def test_an_action_that_is_not_decided_is_named() -> None:
    found = proof(under(TIED, {"Action": "s3:DeleteObject"}), {"Action": ["kms:Decrypt", "s3:DeleteObject"]})
    assert found.verdict == "not proved"
    assert found.reason.startswith("kms:Decrypt: *${aws:userid} has a wildcard before its variable")


def test_a_question_that_only_holds_of_the_actions_that_were_decided_is_not_answered_with_yes_or_no() -> None:
    world = under(TIED, {"Action": "s3:DeleteObject"})
    scope = Scope(statement(Action=["kms:Decrypt", "s3:DeleteObject"]), "members", ESTATE)
    with pytest.raises(NotProvedError, match=r"kms:Decrypt: .*aws:userid"):
        fails(Question("asked", "denied", scope, world))


def test_more_classes_than_are_decided_refute_and_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [{"Condition": {"StringEquals": {f"aws:PrincipalTag/t{n}": "x"}}} for n in range(3)]
    scope = {"Action": "s3:PutObject"}
    assert proof(under(*others, {}), scope).verdict == "proved"
    monkeypatch.setattr(enumeration, "FEW_CLASSES", 10**9)
    monkeypatch.setattr(enumeration, "MOST_CLASSES", 5)
    found = proof(under(*others, {}), scope)
    assert (found.verdict, found.reason) == ("not proved", "s3:PutObject: more than 5 classes of requests")
    assert proof(under(*others), scope).verdict == "refuted"


WORDS = ("finance", "payroll", "customer", "secrets", "archive", "internal", "research", "production", "inventory")
TEAMS = (*WORDS, "analytics", "marketing", "compliance")
OBJECTS = [f"arn:aws:s3:::*{word}*" for word in WORDS]
ROLES = [f"arn:aws:iam::*:role/*{team}*" for team in TEAMS]
DELETE = {"Action": "s3:DeleteObject"}


@pytest.mark.parametrize(
    ("statements", "outside"),
    [
        ([{**DELETE, "Resource": OBJECTS}], {"Resource": "arn:aws:s3:::*"}),
        ([{**DELETE, "Resource": pattern} for pattern in OBJECTS], {"Resource": "arn:aws:s3:::*"}),
        ([{**DELETE, "Condition": {"ArnNotLike": {"aws:PrincipalArn": ROLES}}}], {}),
        ([{**DELETE, "Condition": {"ArnNotLike": {"aws:PrincipalArn": role}}} for role in ROLES], {}),
    ],
    ids=["nine patterns", "a statement for each", "twelve exemptions", "a statement with each"],
)
def test_many_patterns_are_decided(statements: list[dict[str, Any]], outside: dict[str, Any]) -> None:
    found = proof(under(*statements), {**DELETE, **outside})
    assert found.verdict == "refuted"
    assert confirmed(found)


def test_many_patterns_prove_what_they_cover() -> None:
    for statements in ([{**DELETE, "Resource": OBJECTS}], [{**DELETE, "Resource": pattern} for pattern in OBJECTS]):
        assert proof(under(*statements), {**DELETE, "Resource": OBJECTS[3]}).verdict == "proved"
    nobody_else = {"ArnNotLike": {"aws:PrincipalArn": ROLES}}
    exempting = [{**DELETE, "Condition": {"ArnNotLike": {"aws:PrincipalArn": role}}} for role in ROLES]
    for denials in ([{**DELETE, "Condition": nobody_else}], exempting):
        assert proof(under(*denials), {**DELETE, "Condition": nobody_else}).verdict == "proved"


def test_patterns_that_no_aim_tells_apart_are_looked_at_until_a_counterexample_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # each role is exempt from one denial and denied by another one
    mixed = [{**DELETE, "Condition": {"ArnNotLike": {"aws:PrincipalArn": role}}} for role in ROLES[:6]]
    mixed += [{**DELETE, "Condition": {"ArnLike": {"aws:PrincipalArn": role}}} for role in ROLES[:6]]
    for limit in ("FEW_STATES", "MOST_STATES", "MOST_RANKED"):
        monkeypatch.setattr(texts, limit, 100)
    found = proof(under(*mixed[6:]), DELETE)
    assert (found.verdict, confirmed(found)) == ("refuted", True)
    found = proof(under(*mixed), DELETE)
    assert found.verdict == "not proved"
    assert found.reason.startswith("s3:DeleteObject: more than 100 states are needed to tell")


TAGGED = [
    {"Action": "ec2:CreateTags", "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": f"k{n}"}}} for n in range(12)
]


def test_a_dozen_statements_on_a_list_with_a_value_each_are_decided() -> None:
    named = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["k0", "k5", "k11"]}}
    assert proof(under(*TAGGED), {"Action": "ec2:CreateTags", "Condition": named}).verdict == "proved"
    found = proof(under(*TAGGED), {"Action": "ec2:CreateTags", "Condition": {"Null": {"aws:TagKeys": "false"}}})
    assert found.verdict == "refuted"
    assert confirmed(found)
    none = {"ForAllValues:StringNotEquals": {"aws:TagKeys": [f"k{n}" for n in range(12)]}}
    inside = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
    scope = {"Action": "ec2:CreateTags", "Condition": {**none, **inside}}
    assert proof(under(*TAGGED), scope, "allowed", (BREAK_GLASS,)).verdict == "proved"
    assert proof(under(*TAGGED), {**scope, "Condition": inside}, "allowed", (BREAK_GLASS,)).verdict == "refuted"


def test_two_hundred_scps_about_every_action_are_decided() -> None:
    world = of_teams(210)
    everything = {"Action": "*"}
    assert proof(world, {**everything, "Condition": {"Null": {"aws:SourceVpce": "false"}}}).verdict == "proved"
    found = proof(world, everything, "allowed", (BREAK_GLASS,))
    assert (found.verdict, confirmed(found)) == ("refuted", True)


def test_a_refuted_question_looks_for_no_shorter_counterexample_among_very_many_classes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every = proof(under(GOOD), {"Action": "*"})
    monkeypatch.setattr(prover, "ENOUGH", 3)
    first = proof(under(GOOD), {"Action": "*"})
    assert (every.verdict, first.verdict) == ("refuted", "refuted")
    assert 3 < first.classes < every.classes
    assert confirmed(first)
