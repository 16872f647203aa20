"""A request that SCPs or RCPs do not bind is said to be so, and why; one that they bind has no such line."""

from dataclasses import replace

import pytest

from tableguard.policy.evaluate import Request, World, decide
from tableguard.policy.principals import principal
from tableguard.policy.statements import policy
from tableguard.policy.worlds import FULL_AWS_ACCESS, OPEN_TO_EVERYBODY
from tableguard.prove.unbound import unbound
from tests.worlds.policies import ACCOUNT, MANAGEMENT, OTHER_ACCOUNT

DENIAL = {"Sid": "No", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}
SCP = policy("scp", {"Version": "2012-10-17", "Statement": [DENIAL]})
RCP = policy("rcp", {"Version": "2012-10-17", "Statement": [{**DENIAL, "Principal": "*"}]})
OURS = "o-exampleorgid"
WORLD = World(
    management_account=MANAGEMENT,
    service_control=((FULL_AWS_ACCESS, SCP),),
    resource_control=((RCP,),),
    identity=(FULL_AWS_ACCESS,),
    resource=OPEN_TO_EVERYBODY,
    organization=OURS,
)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/x"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/y"
NO_SCP, NO_RCP = "no SCP binds it: ", "no RCP binds it: "


def request(caller: str = ROLE, action: str = "s3:GetObject", owner: str = ACCOUNT, org: str = OURS) -> Request:
    who = principal(caller)
    context = {"aws:PrincipalOrgID": OURS} if who.account in (ACCOUNT, MANAGEMENT) else {}
    return Request(who, action, "arn:aws:s3:::x/y", owner, context, org)


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        (request(), ()),
        (
            request(LINKED),
            (f"{NO_SCP}the caller is a service-linked role", f"{NO_RCP}the caller is a service-linked role"),
        ),
        (request(f"arn:aws:iam::{MANAGEMENT}:role/x"), (f"{NO_SCP}the caller is of the management account",)),
        (
            request(f"arn:aws:iam::{OTHER_ACCOUNT}:role/x"),
            (f"{NO_SCP}the caller is of no member account of the organization",),
        ),
        (request("events.amazonaws.com"), (f"{NO_SCP}the caller is of no account",)),
        (request("*"), (f"{NO_SCP}the caller is of no account",)),
        (request(owner=MANAGEMENT), (f"{NO_RCP}the resource is in the management account",)),
        (
            request(owner=OTHER_ACCOUNT, org=""),
            (f"{NO_RCP}the resource is in no member account of the organization",),
        ),
        (request(action="ec2:RunInstances"), (f"{NO_RCP}AWS applies RCPs to no such action",)),
    ],
)
def test_what_does_not_bind_a_request_is_named_with_its_reason(asked: Request, reasons: tuple[str, ...]) -> None:
    assert unbound(WORLD, asked) == reasons
    if len(reasons) == 2 or not reasons:
        assert decide(WORLD, asked).allowed is bool(reasons)


def test_a_world_without_scps_and_rcps_leaves_nobody_out() -> None:
    assert unbound(replace(WORLD, service_control=(), resource_control=()), request(LINKED)) == ()
