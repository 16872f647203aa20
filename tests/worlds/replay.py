"""Sequences that `tableguard reach` shows, replayed on the running estate call by call.

What only changes policies is done and afterwards undone. Everything else is a dry run: it ends where AWS would begin.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from botocore import xform_name

from tableguard.attack import scene, sequences
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.policy.evaluate import Request
from tableguard.prove.reach.goals import Sequence
from tableguard.prove.reach.trial import SequenceStep
from tableguard.reading import placeholders
from tableguard.reading.placeholders import Values
from tests.worlds import guardrails
from tests.worlds.estate import ACCOUNT, SETTINGS, TABLE_ARN, Ids, denial

ADMINISTRATORS = (f"arn:aws:iam::{ACCOUNT}:role/Admin", f"arn:aws:iam::{ACCOUNT}:root")


def _name(request: Request) -> str:
    return request.resource.rpartition("/")[2].rpartition(":")[2]


def _values(ids: Ids) -> Values:
    """What the parameters of calls have in angle brackets; a dry run ends before anybody looks for a package."""
    pool = f"{SETTINGS.home_region}:00000000-0000-0000-0000-000000000000"
    return {**scene.of_settings(SETTINGS), "key": ids.key, "pool": pool, "member": "x", "package": "handler.zip"}


class Replay:
    """Makes the calls of a sequence as those who make them, and undoes what it did."""

    def __init__(self, zone: LandingZone, ids: Ids, monkeypatch: pytest.MonkeyPatch, undo: ExitStack) -> None:
        self.zone, self.ids, self.monkeypatch, self.undo = zone, ids, monkeypatch, undo
        self.sessions: dict[str, EmbeddedSession] = {}

    def play(self, sequence: Sequence) -> list[str]:
        """Return how each call ends, up to the first that is refused.

        The outcome of a step that is not modelled, to act as the role, is taken as AWS gives it.
        """
        ends: list[str] = []
        for step in sequence.steps:
            ends += [] if step.kind.name in sequences.NOT_MODELLED else self._step(step)
            if ends and ends[-1] != guardrails.ALLOWED:
                return ends
        return [*ends, self._dry(sequence.last.request)] if sequence.last else ends

    def _step(self, step: SequenceStep) -> list[str]:
        role = step.target if step.kind.service else ""
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

    def _dry(self, request: Request, role: str = "") -> str:
        service, method = self._operation(request)
        session = self.session(request.principal.arn, request)
        call = guardrails.dry(self.monkeypatch, session, service, method)
        return guardrails.outcome(partial(call, **self._parameters(request, role)))

    def _operation(self, request: Request) -> tuple[str, str]:
        service, _, operation = request.action.partition(":")
        return service, xform_name(operation)

    def _parameters(self, request: Request, role: str = "") -> dict[str, Any]:
        written = sequences.parameters(request.action, request, role)
        return placeholders.fill(written, _values(self.ids), request.action)

    def _done(self, request: Request) -> str:
        """Make a call that changes a policy, and have the old one put back in the end."""
        service, method = self._operation(request)
        client = self.session(request.principal.arn, request).client(service)
        self.undo.enter_context(self._restored(request))
        call = partial(getattr(client, method), **self._parameters(request))
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
