"""Small policies and requests for the tests of the evaluator: a role `app` in 111122223333 and a table `messages`."""

from collections.abc import Mapping
from typing import Any

from tableguard.policy.evaluate import Decision, Request, World, decide
from tableguard.policy.principals import principal
from tableguard.policy.statements import Policy, policy

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
MANAGEMENT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/monday"
USER = f"arn:aws:iam::{ACCOUNT}:user/mina"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
FOREIGN_ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/app"
BREAK_GLASS = f"arn:aws:iam::{ACCOUNT}:role/break-glass"
LINKED_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/replication.dynamodb.amazonaws.com/Replication"
MANAGEMENT_ROLE = f"arn:aws:iam::{MANAGEMENT}:role/app"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/messages"
OTHER_TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/other"

Context = Mapping[str, str | tuple[str, ...]]


def document(*statements: Mapping[str, Any], name: str = "asked") -> Policy:
    """A policy of statements that say only what matters: the rest is Deny, every action, every resource."""
    filled = [
        {"Sid": f"S{n}", "Effect": "Deny", **_action(s), **_resource(s), **s} for n, s in enumerate(statements, 1)
    ]
    return policy(name, {"Version": "2012-10-17", "Statement": filled})


def _action(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {} if "NotAction" in statement else {"Action": "*"}


def _resource(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {} if "NotResource" in statement else {"Resource": "*"}


FULL = document({"Sid": "Full", "Effect": "Allow"}, name="full")
FULL_FOR_ANYBODY = document({"Sid": "Full", "Effect": "Allow", "Principal": "*"}, name="full")


def request(
    action: str = "dynamodb:DeleteTable",
    context: Context | None = None,
    *,
    resource: str = TABLE,
    caller: str = ROLE,
    account: str = ACCOUNT,
) -> Request:
    """A request of role `app` for the table, unless said otherwise."""
    return Request(principal(caller, "monday"), action, resource, account, context or {})


def under_scp(*statements: Mapping[str, Any]) -> World:
    """A member account whose only restriction is one SCP of these statements."""
    return World(MANAGEMENT, service_control=((FULL, document(*statements)),), identity=(FULL,))


def under_condition(operator: str, key: str, values: str | list[str]) -> World:
    """A member account with one denial under one condition."""
    return under_scp({"Condition": {operator: {key: values}}})


def denied(world: World, request: Request) -> bool:
    """Return True if a statement denies the request: silence would be no answer to the question."""
    decision: Decision = decide(world, request)
    assert decision.allowed or decision.because[0].effect == "Deny"
    return not decision.allowed
