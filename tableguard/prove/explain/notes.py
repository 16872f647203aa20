"""What an explanation leaves open: policies that are not known here, and what AWS's reference does not tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tableguard.policy.evaluate import Layer, Request, World
from tableguard.policy.service_reference import load, source
from tableguard.prove.explain.estate import StackEstate
from tableguard.prove.explain.inquiry import alternatives, last_part

# service of the action -> what has a policy that AWS evaluates as well, and its ARN
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
_OWN_POLICIES = {
    "backup": ("vault's policy", r"arn:[^:]+:backup:[^:]*:[^:]*:backup-vault:.+"),
    "dynamodb": ("table's policy", r"arn:[^:]+:dynamodb:[^:]*:[^:]*:table/.+"),
    "kms": ("key's policy", r"arn:[^:]+:kms:[^:]*:[^:]*:key/.+"),
    "lambda": ("function's policy", r"arn:[^:]+:lambda:[^:]*:[^:]*:function:.+"),
    "s3": ("bucket's policy", r"arn:[^:]+:s3:::.+"),
    "sns": ("topic's policy", r"arn:[^:]+:sns:[^:]*:[^:]*:.+"),
    "sqs": ("queue's policy", r"arn:[^:]+:sqs:[^:]*:[^:]*:.+"),
    "sts": ("role's trust policy", r"arn:[^:]+:iam::[^:]*:role/.+"),
}
_UNKNOWN_KEY = "no alias says which key this is, and so its policy is not asked: name it alias/NAME"


@dataclass(frozen=True)
class Note:
    """A gap in the answer: a policy that was not evaluated, or one that is assumed, or what of the action is open."""

    layer: Layer | Literal["action"]
    text: str


def notes_on(request: Request, estate: StackEstate, world: World) -> Iterator[Note]:
    """Yield what is open about the action, about the resource's own policy, and about the policies of the caller."""
    yield from _of_action(request)
    yield from _of_resource(request, estate, world)
    yield from _of_caller(request, estate)
    if "guardrails" not in estate.settings.optional_stacks:
        yield Note("scp", "the settings leave the stack guardrails out: its SCPs and RCPs are asked as if attached")


def _of_action(request: Request) -> Iterator[Note]:
    """Yield what AWS's reference leaves open about the action: whether a request names a resource, or all of it."""
    action = load().actions.get(request.action.lower())
    if action is None:
        service = request.action.partition(":")[0]
        yield Note("action", f"the actions of {service} are not known here: taken for one as it is written")
    elif action.from_botocore:
        since = f"botocore {source()['botocore']['version']}"
        yield Note("action", f"known from {since} alone: which resources and context keys it has is not known")
    elif action.resources and request.resource == "*":
        yield Note("action", f"asked for a request that names no {alternatives(action.resources)}")
    if "*" in request.resource.removesuffix(":*").removeprefix("*"):  # ARNs of log groups end so in requests
        yield Note(
            "action", "* is a character of this resource's name, and no pattern: `tableguard prove` is about all"
        )


def _of_resource(request: Request, estate: StackEstate, world: World) -> Iterator[Note]:
    """Yield that the resource may have a policy of its own that is not known here."""
    called, arn = _OWN_POLICIES.get(request.action.lower().partition(":")[0], ("", r"(?!)"))
    if world.resource is not None or not re.fullmatch(arn, request.resource):
        return
    if request.resource in estate.plan.by_arn or _is_of_stack(request.resource, estate):
        return  # the stacks make it, and give it none
    if request.resource.startswith(estate.key_prefix):
        yield Note("resource", _UNKNOWN_KEY)
    else:
        yield Note("resource", f"this {called} is its owner's, and not asked: no stack of these settings makes it")


def _is_of_stack(resource: str, estate: StackEstate) -> bool:
    """Return True for a table's index or stream, an object in a bucket, a function's version."""
    return any(resource.startswith((f"{arn}/", f"{arn}:")) for arn in estate.plan.by_arn)


def _of_caller(request: Request, estate: StackEstate) -> Iterator[Note]:
    """Yield that the caller's own policies are not known."""
    if estate.is_assumed_administrator(request.principal):
        name = last_part(request.principal.arn)
        yield Note("identity", f"{name} is none of the workload's roles: an administrator, who may do all, is assumed")
