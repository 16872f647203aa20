"""Sequences in small accounts: what is reached, by which steps, and what a single difference stops."""

from dataclasses import replace
from typing import Any

import pytest

from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import policy
from tableguard.prove.reach.account import Fact, PolicyHolder, Thing, outsider
from tableguard.prove.reach.goals import Goal, GoalCall, reached
from tableguard.settings import example
from tests.worlds.accounts import ATTACKER, ESTATE, TARGET, account, allowing, arn, searched, steps_to, trusting
from tests.worlds.policies import ACCOUNT

SHORTHAND = Shorthand(example())
IS_TARGET = Fact("is", TARGET)
OWN_ACCOUNT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
TAKE = {"Action": "sts:AssumeRole", "Resource": TARGET}


def attacker(*statements: dict[str, Any]) -> PolicyHolder:
    return PolicyHolder(ATTACKER, (allowing(*statements),))


def target(**more: Any) -> PolicyHolder:
    return PolicyHolder(TARGET, (allowing({"Action": "*"}),), **more)


@pytest.mark.parametrize(
    ("principal", "condition", "steps"),
    [
        (OWN_ACCOUNT, {}, ["take-role"]),
        ({"AWS": ATTACKER}, {}, ["take-role"]),
        ({"AWS": arn("user/mina")}, {}, None),
        ({"Service": "lambda.amazonaws.com"}, {}, None),
        (OWN_ACCOUNT, {"StringEquals": {"sts:ExternalId": "guessed"}}, ["take-role"]),
        (OWN_ACCOUNT, {"StringEquals": {"aws:PrincipalArn": arn("user/mina")}}, None),
    ],
)
def test_a_role_is_taken_by_whom_its_trust_policy_lets(
    principal: dict[str, Any], condition: dict[str, Any], steps: list[str] | None
) -> None:
    small = account([attacker(TAKE), target(trust=trusting(principal, **condition))])
    assert steps_to(searched(small), IS_TARGET) == steps


def test_without_leave_of_ones_own_policies_a_role_that_trusts_the_account_is_not_taken() -> None:
    small = account(
        [attacker({"Action": "sts:AssumeRole", "Resource": arn("role/other")}), target(trust=trusting(OWN_ACCOUNT))]
    )
    assert steps_to(searched(small), IS_TARGET) is None


@pytest.mark.parametrize(("beside", "steps"), [("sts:TagSession", ["take-role"]), ("sts:GetSessionToken", None)])
def test_a_session_tag_that_a_role_asks_for_needs_leave_of_its_own(beside: str, steps: list[str] | None) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required"""
    trust = policy(
        "trust",
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": OWN_ACCOUNT,
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Condition": {"StringEquals": {"aws:RequestTag/team": "blue"}},
                }
            ],
        },
    )
    small = account([attacker({"Action": ["sts:AssumeRole", beside]}), target(trust=trust)])
    assert steps_to(searched(small), IS_TARGET) == steps


def test_a_sequence_has_the_steps_that_are_needed_and_no_other() -> None:
    middle = PolicyHolder(
        arn("role/middle"), (allowing({"Action": "iam:UpdateAssumeRolePolicy"}, TAKE),), trust=trusting(OWN_ACCOUNT)
    )
    small = account([attacker({"Action": "sts:AssumeRole"}), middle, target()])
    search = searched(small)
    assert steps_to(search, IS_TARGET) == ["take-role", "open-trust", "take-role"]
    callers = [call.request.principal.arn for step in search.sequence([IS_TARGET]) for call in step.calls]
    assert callers == [ATTACKER, arn("role/middle"), ATTACKER]


def test_a_boundary_and_a_denial_of_ones_own_hold_until_they_are_taken_away() -> None:
    boundary = allowing({"Action": "iam:De*"}, name="boundary")
    denied = {"Effect": "Deny", "Action": "sts:AssumeRole"}
    bound = PolicyHolder(ATTACKER, (allowing({"Action": "*"}, denied),), boundary)
    small = account([bound, target(trust=trusting(OWN_ACCOUNT))])
    *before, last = steps_to(searched(small), IS_TARGET) or [""]
    assert (sorted(before), last) == (["unbind-user", "undeny-user"], "take-role")
    kept = PolicyHolder(
        ATTACKER,
        (allowing({"NotAction": "iam:DeleteUserPermissionsBoundary"}, denied),),
        allowing({"Action": "iam:Detach*"}),
    )
    assert steps_to(searched(account([kept, target(trust=trusting(OWN_ACCOUNT))])), IS_TARGET) is None


def test_a_user_taken_on_the_way_has_no_second_factor_until_one_is_enabled() -> None:
    with_factor: dict[str, Any] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    mina = PolicyHolder(arn("user/mina"), (allowing(TAKE),))
    taking = {"Action": "iam:CreateAccessKey", "Resource": mina.arn}
    enabling = {"Action": "iam:EnableMFADevice", "Resource": mina.arn}
    role = target(trust=trusting({"AWS": mina.arn}, **with_factor))
    assert steps_to(searched(account([attacker(taking), mina, role])), IS_TARGET) is None
    search = searched(account([attacker(taking, enabling), mina, role]))
    assert sorted(steps_to(search, IS_TARGET) or []) == ["access-key", "second-factor", "take-role"]
    # whoever begins as a user has that user's factor
    assert steps_to(searched(account([mina, role]), [mina.arn]), IS_TARGET) == ["take-role"]


def test_a_role_handed_to_a_service_must_trust_it() -> None:
    passing = {"Action": ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]}
    for service, steps in (("lambda.amazonaws.com", ["new-function"]), ("ec2.amazonaws.com", None)):
        small = account([attacker(passing), target(trust=trusting({"Service": service}))])
        assert steps_to(searched(small), IS_TARGET) == steps


def test_a_service_that_the_table_does_not_know_counts_as_able_to_act() -> None:
    small = account([attacker({"Action": "iam:PassRole"}), target(trust=trusting({"Service": "new.amazonaws.com"}))])
    assert steps_to(searched(small), IS_TARGET) == ["any-service"]
    limited = attacker(
        {"Action": "iam:PassRole", "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}
    )
    small = account([limited, target(trust=trusting({"Service": "new.amazonaws.com"}))])
    assert steps_to(searched(small), IS_TARGET) is None


def test_somebody_else_may_call_what_runs_with_a_role_that_was_handed_over() -> None:
    passing = {"Action": ["iam:PassRole", "lambda:CreateFunction", "sts:AssumeRole"]}
    invoking = PolicyHolder(
        arn("role/caller"), (allowing({"Action": "lambda:InvokeFunction"}),), trust=trusting(OWN_ACCOUNT)
    )
    small = account([attacker(passing), invoking, target(trust=trusting({"Service": "lambda.amazonaws.com"}))])
    search = searched(small)
    assert steps_to(search, IS_TARGET) == ["take-role", "new-function"]


def test_an_outsider_comes_in_where_a_trust_policy_or_a_resource_lets_him() -> None:
    small = (
        account([attacker(), target(trust=trusting({"AWS": outsider(ESTATE)}))])
        if False
        else account([PolicyHolder(ATTACKER), target(trust=trusting({"AWS": outsider(ESTATE)}))])
    )
    assert steps_to(searched(small), IS_TARGET) == ["take-role"]
    small = account([PolicyHolder(ATTACKER), target(trust=trusting(OWN_ACCOUNT))])
    assert steps_to(searched(small), IS_TARGET) is None


def test_an_scp_stops_a_sequence_at_the_call_that_it_denies() -> None:
    denial = policy(
        "scp",
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": ["iam:Update*", "iam:DeleteRole"], "Resource": "*"}],
        },
    )
    people = [attacker({"Action": "*"}), target()]
    assert steps_to(searched(account(people)), IS_TARGET) == ["open-trust", "take-role"]
    assert steps_to(searched(account(people, scps=[denial])), IS_TARGET) is None


def test_a_group_gives_its_policies_to_whom_it_takes_in() -> None:
    admins = PolicyHolder(arn("group/admins"), (allowing(TAKE),))
    role = target(trust=trusting(OWN_ACCOUNT))
    joining = attacker({"Action": "iam:AddUserToGroup", "Resource": admins.arn})
    assert steps_to(searched(account([joining, admins, role])), IS_TARGET) == ["join-group", "take-role"]
    elsewhere = attacker({"Action": "iam:AddUserToGroup", "Resource": arn("group/others")})
    assert steps_to(searched(account([elsewhere, admins, role])), IS_TARGET) is None


def test_a_key_granted_on_the_way_is_used_as_far_as_a_grant_goes() -> None:
    key = Thing(
        f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234", "key", trusting(OWN_ACCOUNT, "kms:CreateGrant"), must_allow=True
    )
    search = searched(account([attacker({"Action": "kms:*"})], [key]))
    assert steps_to(search, Fact("widened", key.arn)) == ["grant-key"]
    assert steps_to(search, Fact("opened", key.arn)) is None


def test_of_principals_with_the_same_policies_each_is_tried() -> None:
    exempt = {"ArnNotLike": {"aws:PrincipalArn": arn("role/b")}}
    denial = {"Sid": "Scp", "Effect": "Deny", "Action": "lambda:CreateFunction", "Resource": "*", "Condition": exempt}
    scp = policy("scp", {"Version": "2012-10-17", "Statement": [denial]})
    same = allowing({"Action": ["iam:PassRole", "lambda:*"]})
    alike = [PolicyHolder(arn("role/a"), (same,)), PolicyHolder(arn("role/b"), (same,))]
    small = account([*alike, target(trust=trusting({"Service": "lambda.amazonaws.com"}))], scps=[scp])
    search = searched(small, [holder.arn for holder in alike])
    assert steps_to(search, IS_TARGET) == ["new-function"]
    assert {call.request.principal.arn for step in search.sequence([IS_TARGET]) for call in step.calls[:2]} == {
        arn("role/b")
    }
    assert steps_to(searched(small, [arn("role/a")]), IS_TARGET) is None


def test_an_outsider_may_be_of_another_organization_or_of_none() -> None:
    nobodys = {"Null": {"aws:PrincipalOrgID": "true"}}
    denial = {
        "Sid": "Rcp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sts:*",
        "Resource": "*",
        "Condition": nobodys,
    }
    rcp = policy("rcp", {"Version": "2012-10-17", "Statement": [denial]})
    small = account([PolicyHolder(ATTACKER), target(trust=trusting({"AWS": outsider(ESTATE)}))])
    guarded = replace(small.guarded, resource_control=((rcp,),))
    assert steps_to(searched(replace(small, guarded=guarded)), IS_TARGET) == ["take-role"]
    everybody = policy("rcp", {"Version": "2012-10-17", "Statement": [{**denial, "Condition": {}}]})
    guarded = replace(small.guarded, resource_control=((everybody,),))
    assert steps_to(searched(replace(small, guarded=guarded)), IS_TARGET) is None


@pytest.mark.parametrize(
    ("kind", "where", "call", "removing"),
    [
        ("table", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t", "dynamodb:Scan", "dynamodb:DeleteResourcePolicy"),
        ("queue", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q", "sqs:ReceiveMessage", "sqs:RemovePermission"),
        ("topic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", "sns:Publish", "sns:RemovePermission"),
        ("bucket", "arn:aws:s3:::files", "s3:ListBucket", "s3:DeleteBucketPolicy"),
        (
            "function",
            f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f",
            "lambda:InvokeFunction",
            "lambda:RemovePermission",
        ),
        (
            "secret",
            f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:s",
            "secretsmanager:GetSecretValue",
            "secretsmanager:DeleteResourcePolicy",
        ),
    ],
)
def test_who_removes_a_resources_policy_removes_its_denials(kind: str, where: str, call: str, removing: str) -> None:
    denial = {"Sid": "Never", "Effect": "Deny", "Principal": "*", "Action": call, "Resource": where}
    thing = Thing(where, kind, policy("own", {"Version": "2012-10-17", "Statement": [denial]}))
    goal = Goal("end", "calls it", calls=(GoalCall((call,), (where,), {}, kind),))
    for action, length in ((removing, 2), ("sts:GetCallerIdentity", None)):
        way = reached(goal, searched(account([attacker({"Action": [call, action]})], [thing])), SHORTHAND)
        assert (way.length if way else None) == length


@pytest.mark.parametrize(("trusted", "length"), [(ATTACKER, 1), (arn("user/mina"), None)])
def test_a_goal_that_is_the_taking_of_a_role_meets_its_trust_policy(trusted: str, length: int | None) -> None:
    goal = Goal("end", "takes it", calls=(GoalCall(("sts:AssumeRole",), (TARGET,), {}),))
    small = account([attacker({"Action": "s3:ListAllMyBuckets"}), target(trust=trusting({"AWS": trusted}))])
    way = reached(goal, searched(small), SHORTHAND)
    assert (way.length if way else None) == length
