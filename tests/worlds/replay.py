"""Sequences that `tableguard reach` shows, replayed on the running estate call by call.

What only changes policies is done and afterwards undone. Everything else is a dry run: it ends where AWS would begin.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest

from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.policy.evaluate import Request
from tableguard.prove.reach.goals import Sequence
from tableguard.prove.reach.trial import SequenceStep
from tests.worlds import guardrails
from tests.worlds.estate import ACCOUNT, SETTINGS, TABLE, TABLE_ARN, Ids, denial

ADMINISTRATORS = (f"arn:aws:iam::{ACCOUNT}:role/Admin", f"arn:aws:iam::{ACCOUNT}:root")
# steps over what the embedded AWS has no actions of: a container's commands, a user pool's members. Their outcome, to
# act as the role, is taken as AWS gives it, and the sequence goes on from there.
NOT_MODELLED = ("task-command", "user-pool")
Parameters = Callable[[Request, Ids], Mapping[str, Any]]


def _everybody(action: str, resource: str | None = None) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action}
    where = {"Resource": resource} if resource else {}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **where}]})


def _trust() -> str:
    own = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statement = {"Effect": "Allow", "Principal": own, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _package() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as package:
        package.writestr("handler.py", "def handle(event, context):\n    return None\n")
    return written.getvalue()


def _name(request: Request) -> str:
    return request.resource.rpartition("/")[2].rpartition(":")[2]


def _keys(request: Request) -> str:
    keys = request.context.get("dynamodb:leadingkeys", "MSG#x")
    return keys if isinstance(keys, str) else keys[0]


_ITEM = {"sk": {"S": "2026"}}
# action -> service, method, and its parameters
CALLS: Mapping[str, tuple[str, str, Parameters]] = {
    "cloudtrail:DeleteTrail": ("cloudtrail", "delete_trail", lambda r, _: {"Name": _name(r)}),
    "cloudtrail:PutEventSelectors": (
        "cloudtrail",
        "put_event_selectors",
        lambda r, _: {"TrailName": _name(r), "EventSelectors": [{"ReadWriteType": "ReadOnly"}]},
    ),
    "cognito-identity:SetIdentityPoolRoles": (
        "cognito-identity",
        "set_identity_pool_roles",
        lambda r, _: {"IdentityPoolId": f"{SETTINGS.home_region}:00000000-0000-0000-0000-000000000000", "Roles": {}},
    ),
    "cognito-identity:UpdateIdentityPool": (
        "cognito-identity",
        "update_identity_pool",
        lambda r, _: {
            "IdentityPoolId": r.resource.rpartition("/")[2],
            "IdentityPoolName": "members",
            "AllowUnauthenticatedIdentities": False,
        },
    ),
    "dynamodb:BatchGetItem": (
        "dynamodb",
        "batch_get_item",
        lambda r, _: {"RequestItems": {TABLE: {"Keys": [{"pk": {"S": _keys(r)}, **_ITEM}]}}},
    ),
    "dynamodb:DeleteItem": (
        "dynamodb",
        "delete_item",
        lambda r, _: {"TableName": TABLE, "Key": {"pk": {"S": "x"}, **_ITEM}},
    ),
    "dynamodb:DeleteTable": ("dynamodb", "delete_table", lambda r, _: {"TableName": TABLE}),
    "dynamodb:GetItem": (
        "dynamodb",
        "get_item",
        lambda r, _: {"TableName": TABLE, "Key": {"pk": {"S": _keys(r)}, **_ITEM}},
    ),
    "dynamodb:PutResourcePolicy": (
        "dynamodb",
        "put_resource_policy",
        lambda r, _: {"ResourceArn": TABLE_ARN, "Policy": _everybody("dynamodb:*", TABLE_ARN)},
    ),
    "dynamodb:Query": (
        "dynamodb",
        "query",
        lambda r, _: {
            "TableName": TABLE,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": _keys(r)}},
        },
    ),
    "iam:UpdateSAMLProvider": (
        "iam",
        "update_saml_provider",
        lambda r, _: {"SAMLProviderArn": r.resource, "SAMLMetadataDocument": "<EntityDescriptor/>".ljust(1000)},
    ),
    "iam:UpdateAssumeRolePolicy": (
        "iam",
        "update_assume_role_policy",
        lambda r, _: {"RoleName": _name(r), "PolicyDocument": _trust()},
    ),
    "kms:PutKeyPolicy": (
        "kms",
        "put_key_policy",
        lambda r, ids: {"KeyId": ids.key, "PolicyName": "default", "Policy": _everybody("kms:*", "*")},
    ),
    "lambda:AddPermission": (
        "lambda",
        "add_permission",
        lambda r, _: {
            "FunctionName": SETTINGS.function_name,
            "StatementId": "s",
            "Action": "lambda:InvokeFunction",
            "Principal": "*",
        },
    ),
    "lambda:CreateFunction": (
        "lambda",
        "create_function",
        lambda r, _: {"FunctionName": SETTINGS.function_name, "Runtime": "python3.13", "Handler": "handler.handle"},
    ),
    "lambda:UpdateFunctionCode": (
        "lambda",
        "update_function_code",
        lambda r, _: {"FunctionName": _name(r), "ZipFile": _package()},
    ),
    "sts:AssumeRole": ("sts", "assume_role", lambda r, _: {"RoleArn": r.resource, "RoleSessionName": "replay"}),
}


class Replay:
    """Makes the calls of a sequence as those who make them, and undoes what it did."""

    def __init__(self, zone: LandingZone, ids: Ids, monkeypatch: pytest.MonkeyPatch, undo: ExitStack) -> None:
        self.zone, self.ids, self.monkeypatch, self.undo = zone, ids, monkeypatch, undo
        self.sessions: dict[str, EmbeddedSession] = {}

    def play(self, sequence: Sequence) -> list[str]:
        """Return how each call ends, up to the first that is refused."""
        ends: list[str] = []
        for step in sequence.steps:
            ends += [] if step.kind.name in NOT_MODELLED else self._step(step)
            if ends and ends[-1] != guardrails.ALLOWED:
                return ends
        return [*ends, self._dry(sequence.last.request)] if sequence.last else ends

    def _step(self, step: SequenceStep) -> list[str]:
        role = {"Role": step.target} if step.kind.service else {}
        changes = step.gives.kind in ("trusted", "opened")
        ends = []
        for call in step.calls:
            if call.request.action == "iam:PassRole":
                continue  # no operation of its own: it is asked with the call that hands the role over
            ends.append(self._done(call.request) if changes else self._dry(call.request, role))
        return ends

    def session(self, arn: str, request: Request | None = None) -> EmbeddedSession:
        """Return a session of whoever calls: of a role that a service acts as, the one that it is given."""
        if arn in ADMINISTRATORS:
            return self.zone.session("administrator")
        tag = request.context.get("aws:principaltag/user_uuid") if request else None
        session = self.zone.assume(arn, {"user_uuid": str(tag)} if tag else None)
        through = request is not None and "aws:vpceaccount" in {key.lower() for key in request.context}
        return self.zone.in_network(session) if through else session

    def _dry(self, request: Request, more: Mapping[str, Any] | None = None) -> str:
        service, method, parameters = CALLS[request.action]
        session = self.session(request.principal.arn, request)
        call = guardrails.dry(self.monkeypatch, session, service, method)
        written = {**parameters(request, self.ids), **self._handed(request, more or {})}
        return guardrails.outcome(partial(call, **written))

    def _handed(self, request: Request, more: Mapping[str, Any]) -> dict[str, Any]:
        if request.action == "lambda:CreateFunction":
            return {**more, "Code": {"ZipFile": _package()}}
        if request.action == "cognito-identity:SetIdentityPoolRoles":
            return {"Roles": {"authenticated": more.get("Role", "")}}
        return {}

    def _done(self, request: Request) -> str:
        """Make a call that changes a policy, and have the old one put back in the end."""
        service, method, parameters = CALLS[request.action]
        client = self.session(request.principal.arn, request).client(service)
        self.undo.enter_context(self._restored(request))
        call = partial(getattr(client, method), **parameters(request, self.ids))
        try:
            call()
        except client.exceptions.ClientError:
            return denial(call)
        return guardrails.ALLOWED

    @contextmanager
    def _restored(self, request: Request) -> Iterator[None]:
        setup = partial(self.zone.clients, account=ACCOUNT, region=SETTINGS.home_region)
        if request.action == "iam:UpdateAssumeRolePolicy":
            iam, name = setup("iam"), _name(request)
            old = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
            yield
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(old))
        else:
            dynamodb = setup("dynamodb")
            old = dynamodb.get_resource_policy(ResourceArn=TABLE_ARN)["Policy"]
            yield
            dynamodb.put_resource_policy(ResourceArn=TABLE_ARN, Policy=old)
