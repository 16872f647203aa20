"""Asks whether an AWS service may use a resource: the resource's own policy decides, and that of its key.

EventBridge, CloudWatch and SNS act in their own name, so no policy of a caller applies; RCPs do.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import lambda_backends
from moto.events.models import events_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from tableguard.aws.arn import Arn, parse, require
from tableguard.errors import PolicyError
from tableguard.local.authorization import attached_policies, context
from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import ContextValues
from tableguard.local.authorization.refusal import denial_text
from tableguard.policy.evaluate import Request, decide
from tableguard.policy.principals import principal
from tableguard.policy.statements import Policy
from tableguard.policy.worlds import signed_context

_KEY_USES = ("kms:GenerateDataKey", "kms:Decrypt")  # of whoever sends to an encrypted topic or queue
_ENABLED = "Enabled"


@dataclass(frozen=True)
class UndeliverableError(Exception):
    """What an AWS service could not hand over, with the code that EventBridge has for it.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(frozen=True)
class Sender:
    """Who hands over: an AWS service for a resource, such as a rule, or a role, with the context that goes along."""

    principal: str  # events.amazonaws.com
    context: ContextValues


def on_behalf_of(service: str, source_arn: str, account: str) -> Sender:
    """Return a service that says for which resource of which account it acts."""
    return Sender(service, {"aws:SourceArn": source_arn, "aws:SourceAccount": account})


def require_permission(sender: Sender, action: str, resource: str) -> None:
    """Return if policies let the sender do this, those of a service's resource alone; UndeliverableError otherwise."""
    organization = attached_policies.organization()
    if organization is None:
        return  # an AWS without an organization is not guarded
    try:
        _check(organization, sender, action, resource)
    except PolicyError as error:  # a policy by which nothing can be decided
        raise UndeliverableError("NO_PERMISSIONS", str(error)) from error


def _check(organization: Organization, sender: Sender, action: str, resource: str) -> None:
    arn = require(resource)
    caller = principal(sender.principal)
    world = attached_policies.world_of_principal(organization, caller, action, resource, arn.account)
    if world.resource is None:
        world = replace(world, resource=_policy_of(arn))
    request = Request(caller, action, resource, arn.account, _context(sender, action, arn, organization))
    decision = decide(world, request)
    if not decision.allowed:
        text = denial_text(caller.arn, action, resource, decision.because[0], names_policy=True)
        raise UndeliverableError("NO_PERMISSIONS", text)


def require_key(sender: Sender, key: str, encrypted: Arn) -> None:
    """Return if the service may use the key of an encrypted topic or queue; UndeliverableError otherwise."""
    if not key:
        return
    kms_key = _key(key, encrypted)
    if kms_key is None or kms_key.key_state != _ENABLED:
        state = "not there" if kms_key is None else kms_key.key_state
        raise UndeliverableError("SDK_CLIENT_ERROR", f"{encrypted.service} cannot use key {key}: it is {state}")
    name = {"sns": "aws:sns:topicArn", "sqs": "aws:sqs:arn"}[encrypted.service]
    of_resource: ContextValues = {f"kms:EncryptionContext:{name}": str(encrypted), "kms:EncryptionContextKeys": (name,)}
    using = replace(sender, context={**sender.context, **of_resource})
    for action in _KEY_USES:
        require_permission(using, action, str(kms_key.arn))


def _context(sender: Sender, action: str, arn: Arn, organization: Organization) -> ContextValues:
    of_source = organization.key("aws:SourceOrgID", str(sender.context.get("aws:SourceAccount")))
    signed = signed_context(principal(sender.principal), action, arn.region, "")
    return {**signed, **context.of_resource(str(arn)), **of_source, **sender.context}


def _key(name: str, encrypted: Arn) -> Any:
    """Return the key of an id, an ARN or an alias; None if there is none, as of a key that AWS manages."""
    place = parse(name) or encrypted
    backend = kms_backends[place.account][place.region]
    key_id = backend.any_id_to_key_id(name)
    return backend.keys.get(key_id) if key_id else None


def _policy_of(arn: Arn) -> Policy | None:
    """Return the policy of a resource whose policy is not asked about requests."""
    look_up = _POLICIES_OF.get(arn.service)
    documents = look_up(arn) if look_up else []
    parsed = [attached_policies.parse_policy(f"policy of {arn}", document) for document in documents]
    statements = tuple(statement for policy in parsed for statement in policy.statements)
    return replace(parsed[0], statements=statements) if parsed else None


def _of_function(arn: Arn) -> list[str]:
    try:
        function = lambda_backends[arn.account][arn.region].get_function(str(arn))
    except LambdaClientError:
        return []
    statements = function.policy.statements
    return [json.dumps({"Version": "2012-10-17", "Statement": statements})] if statements else []


def _of_logs(arn: Arn) -> list[str]:
    policies = logs_backends[arn.account][arn.region].resource_policies
    return [policy.policy_document for policy in list(policies.values())]


def _of_bus(arn: Arn) -> list[str]:
    bus = events_backends[arn.account][arn.region].event_buses.get(arn.resource.removeprefix("event-bus/"))
    return [bus.policy] if bus and bus.policy else []


_POLICIES_OF = {"events": _of_bus, "lambda": _of_function, "logs": _of_logs}
