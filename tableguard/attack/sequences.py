"""The sequences that `tableguard reach` shows of the shipped estate, as attempts: the same calls, carried out.

What is reached by being somebody has no call, and is no attempt. Steps over what the embedded AWS has no actions of are
left out, NOT_MODELLED: a goal that is reached without them has its attempt, were the sequence over them no longer.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from tableguard.attack.attempt import AttackStep, Attempt
from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Request
from tableguard.policy.policy_set import PolicySet
from tableguard.prove.reach import inquiry
from tableguard.prove.reach.goals import Goal, Sequence, reached
from tableguard.prove.reach.promises import Prover
from tableguard.prove.shipped import together
from tableguard.settings import Settings

AREA = "reach"
# who begins, as attempts name him, and as `tableguard reach --from` does
STARTS: Mapping[str, str] = {
    "administrator": "role/Admin",
    "application": "role/<name>-application",
    "auditor": "role/<name>-auditor",
    "break-glass": "break-glass",
    "deployer": "deployer",
    "function": "role/<name>-pattern-d",
    "member-services": "role/<name>-member-services",
    "operator": "role/<name>-operator",
    "signed-in": "role/<name>-identity-pool-user",
}
# steps over a container's commands and a user pool's members, of which the embedded AWS has no actions
NOT_MODELLED = ("task-command", "user-pool")
_TECHNIQUES: Mapping[str, tuple[str, ...]] = {
    "break-glass": ("T1548.005", "T1098.003"),
    "deployer": ("T1548.005", "T1098.003"),
    "reader": ("T1548.005", "T1098"),
    "items-deleted": ("T1485",),
    "table-destroyed": ("T1485",),
    "table-copied": ("T1537",),
    "message-read": ("T1213.006",),
    "trail-stopped": ("T1562.008",),
    "trail-narrowed": ("T1562.008",),
}
_ONE_READ = "one read is what this role does all day: nothing tells a thief from it"
_UNSEEN: Mapping[tuple[str, str], str] = {
    **{(by, "message-read"): _ONE_READ for by in ("application", "function", "signed-in")},
    ("member-services", "message-read"): "an export reads so; a detection tells when the role is taken",
    (
        "member-services",
        "items-deleted",
    ): "an erasure deletes so; a detection tells when the role is taken",
    ("operator", "message-read"): "redrive reads so; a detection tells when the role is taken",
}
_PACKAGE = {"S3Bucket": "<artifact-bucket>", "S3Key": "<package>"}
_PERMISSION = {"StatementId": "everybody", "Action": "lambda:InvokeFunction", "Principal": "*"}


def shown(settings: Settings) -> tuple[Attempt, ...]:
    """Return an attempt for each sequence that reach shows and that has calls; PolicyError for an unknown call."""
    prover = inquiry.shipped(PolicySet.filled(settings))
    return tuple(attempt for by, start in STARTS.items() for attempt in _attempts(by, start, prover))


def _attempts(by: str, start: str, prover: Prover) -> Iterator[Attempt]:
    search = prover.search(prover.shorthand.principals(start), NOT_MODELLED)
    for goal in prover.goals.values():
        sequence = reached(goal, search, prover.shorthand)
        if sequence is None:
            continue
        steps = tuple(_steps(sequence, by, _principals(prover)))
        if steps:
            yield _attempt(by, goal, steps)


def _attempt(by: str, goal: Goal, steps: tuple[AttackStep, ...]) -> Attempt:
    calls = ", ".join(f"{step.service}:{step.operation}" for step in steps)
    return Attempt(
        id=f"{AREA}-{by}-{goal.name}",
        area=AREA,
        says=f"{goal.says}, by {calls}",
        by=by,
        steps=steps,
        attack=_TECHNIQUES[goal.name],
        uncovered=f"policies/together.toml promises: {_promise(goal.name)}",
        unseen=_UNSEEN.get((by, goal.name), ""),
        goal=goal.name,
    )


def _promise(goal: str) -> str:
    """Return the promise that keeps all but some from a goal."""
    return next(promise.name for promise in _together().about_sequences if goal in promise.goals)


@cache
def _together() -> together.CombinedContract:
    return together.load()


def _principals(prover: Prover) -> Mapping[str, str]:
    """Return by ARN whose session makes a call."""
    return {arn: by for by, start in STARTS.items() for arn in prover.shorthand.principals(start)}


def _steps(sequence: Sequence, by: str, principals: Mapping[str, str]) -> Iterator[AttackStep]:
    calls = [(call, step.target if step.kind.service else "") for step in sequence.steps for call in step.calls]
    calls += [(sequence.last, "")] if sequence.last else []
    for call, role in calls:
        request = call.request
        if request.action == "iam:PassRole":
            continue  # no operation of its own: it is asked with the call that hands the role over
        who = principals.get(request.principal.arn)
        if who is None:
            raise PolicyError(f"{request.principal.arn}: a sequence's call is his; accepted: {', '.join(principals)}")
        for action in (*_BEFORE.get(request.action, ()), request.action):
            service, _, operation = action.partition(":")
            yield AttackStep(service, operation, parameters(action, request, role), who="" if who == by else who)


def parameters(action: str, request: Request, role: str = "") -> Mapping[str, Any]:
    """Return the parameters of a call, placeholders unfilled; `role` is what a service is given to act as."""
    if action not in _PARAMETERS:
        raise PolicyError(f"{action}: a sequence calls it, and attempts of sequences have no parameters for it")
    return _PARAMETERS[action](request, role)


def _name(request: Request) -> str:
    return request.resource.rpartition("/")[2].rpartition(":")[2]


def _key(request: Request) -> dict[str, Any]:
    return {"pk": {"S": _partition(request)}, "sk": {"S": "2026"}}


def _partition(request: Request) -> str:
    """Return the partition that is read; a member's own where the caller is one."""
    written = request.context.get("dynamodb:leadingkeys", "MSG#x")
    partition = written if isinstance(written, str) else written[0]
    member = request.context.get("aws:principaltag/user_uuid")
    return partition.replace(f"#{member}", "#<member>") if member else partition


def _everybody(resource: str, actions: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": actions, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trust() -> str:
    """Return a trust policy that lets the account and Lambda take a role."""
    own = {"AWS": "arn:aws:iam::<account-id>:root", "Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": own, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# what AWS demands before a call, though no policy does
_BEFORE: Mapping[str, tuple[str, ...]] = {
    "dynamodb:DeleteTable": ("dynamodb:UpdateTable",),  # it is protected from deletion
    "lambda:CreateFunction": ("lambda:DeleteFunction",),  # another of this name is there
}
_PARAMETERS: Mapping[str, Callable[[Request, str], Mapping[str, Any]]] = {
    "cloudtrail:DeleteTrail": lambda request, _: {"Name": _name(request)},
    "cloudtrail:PutEventSelectors": lambda request, _: {
        "TrailName": _name(request),
        "EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}],
    },
    "cognito-identity:SetIdentityPoolRoles": lambda _, role: {
        "IdentityPoolId": "<pool>",
        "Roles": {"authenticated": role},
    },
    "cognito-identity:UpdateIdentityPool": lambda *_: {
        "IdentityPoolId": "<pool>",
        "IdentityPoolName": "<name>",
        "AllowUnauthenticatedIdentities": False,
        "DeveloperProviderName": "of-a-sequence",
    },
    "dynamodb:BatchGetItem": lambda request, _: {"RequestItems": {"<table-name>": {"Keys": [_key(request)]}}},
    "dynamodb:DeleteItem": lambda request, _: {"TableName": "<table-name>", "Key": _key(request)},
    "dynamodb:DeleteTable": lambda *_: {"TableName": "<table-name>"},
    "dynamodb:GetItem": lambda request, _: {"TableName": "<table-name>", "Key": _key(request)},
    "dynamodb:PutResourcePolicy": lambda *_: {
        "ResourceArn": "<table-arn>",
        "Policy": _everybody("<table-arn>", "dynamodb:*"),
    },
    "dynamodb:Query": lambda request, _: {
        "TableName": "<table-name>",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": _partition(request)}},
    },
    "dynamodb:UpdateTable": lambda *_: {"TableName": "<table-name>", "DeletionProtectionEnabled": False},
    "iam:UpdateAssumeRolePolicy": lambda request, _: {"RoleName": _name(request), "PolicyDocument": _trust()},
    "iam:UpdateSAMLProvider": lambda request, _: {
        "SAMLProviderArn": request.resource,
        "SAMLMetadataDocument": "<metadata>",
    },
    "kms:PutKeyPolicy": lambda *_: {"KeyId": "<key>", "PolicyName": "default", "Policy": _everybody("*", "kms:*")},
    "lambda:AddPermission": lambda *_: {"FunctionName": "<function>", **_PERMISSION},
    "lambda:CreateFunction": lambda _, role: {
        "FunctionName": "<function>",
        "Runtime": "python3.13",
        "Handler": "handler.handle",
        "Role": role,
        "Code": _PACKAGE,
    },
    "lambda:DeleteFunction": lambda *_: {"FunctionName": "<function>"},
    "lambda:UpdateFunctionCode": lambda request, _: {"FunctionName": _name(request), **_PACKAGE},
    "sts:AssumeRole": lambda request, _: {"RoleArn": request.resource, "RoleSessionName": "sequence"},
}
