"""Requests as a person asks about them, completed as AWS would see them, and refused where AWS never would."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tableguard.aws.arn import parse
from tableguard.aws.operations import otherwise_named
from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Request
from tableguard.policy.principals import principal
from tableguard.policy.service_reference import load
from tableguard.policy.shorthand import ShortCall
from tableguard.policy.worlds import signed_context
from tableguard.prove.explain.estate import StackEstate

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ALIAS = re.compile(r"(arn:[^:]+:kms:[^:]*:[^:]*:)(alias/.+)")
_STACK_RESOURCE = re.compile(r"([a-z]+)\.([A-Za-z0-9]+)")
_ALIASES = "kms:ResourceAliases"
# services whose calls all go to one region:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
_GLOBAL = {"account": "us-east-1", "iam": "us-east-1", "organizations": "us-east-1"}
_REGION = "aws:requestedregion"
_VIA = ("kms:viaservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast")


@dataclass(frozen=True)
class Inquiry:
    """A request as a person writes it: principal and resource short, as in cases, or whole ARNs.

    A resource may also be one of the stacks' own, STACK.LOGICALID.
    """

    principal: str
    action: str
    resource: str
    region: str
    context: Mapping[str, str | tuple[str, ...]]


def request_of(inquiry: Inquiry, estate: StackEstate) -> Request:
    """Return the request that a person means, with the context that it certainly has; PolicyError for none of AWS's."""
    refuse_no_action(inquiry.action)
    shorthand = estate.policies.shorthand
    arns = shorthand.principals(inquiry.principal)
    if len(arns) != 1:
        raise PolicyError(
            f"{inquiry.principal!r} stands for {len(arns)} roles here: {', '.join(arns)}; name one of them"
        )
    resource = _of_stack(inquiry.resource, estate)
    _refuse_odd(resource, estate.settings.partition)
    region = _region(inquiry, resource)
    owner = _owner(resource, arns[0], estate)
    call = ShortCall(inquiry.action, resource, arns[0], region, owner, _carried(inquiry.context))
    request = _with_key(shorthand.request(call, arns[0], "request"), estate)
    _refuse_another_resource(inquiry, request.resource)
    return _completed(request, estate)


def _refuse_odd(resource: str, partition: str) -> None:
    """Raise PolicyError for a resource of another partition, and for one that is no line of text."""
    parts = parse(resource)
    if not resource.isprintable():
        raise PolicyError(f"resource {resource!r}: accepted: a name of printable characters")
    if parts is not None and parts.partition != partition:
        raise PolicyError(
            f"{resource}: of partition {parts.partition}; accepted: arn:{partition}:…, as the settings say"
        )


def _region(inquiry: Inquiry, resource: str) -> str:
    """Return the region that is called: as it is written, of a global service, or of the resource's ARN.

    An empty text stands for the home region. A role is passed in a call to another service, in its region.
    PolicyError if the region is written twice, and not the same.
    """
    written = next((str(value) for key, value in inquiry.context.items() if key.lower() == _REGION), inquiry.region)
    if inquiry.region and written != inquiry.region:
        raise PolicyError(f"aws:RequestedRegion is {written}, and the region is {inquiry.region}: write one of them")
    action, parts = inquiry.action.lower(), parse(resource)
    of_service = "" if action == "iam:passrole" else _GLOBAL.get(action.partition(":")[0], "")
    of_resource = parts.region if parts and not set("<*").intersection(parts.region) else ""
    return written or of_service or of_resource


def _owner(resource: str, caller: str, estate: StackEstate) -> str:
    """Return whose a resource is that its ARN leaves open: the caller's own, unless the settings name the bucket."""
    parts, settings = parse(resource), estate.settings
    if resource != "*" and (parts is None or parts.account.isdigit()):
        return ""  # written short, and so of the workload; or the ARN says it
    bucket = resource.removeprefix(f"arn:{settings.partition}:s3:::").partition("/")[0]
    ours = bucket in (settings.artifact_bucket, settings.access_log_bucket)
    if ours or f"arn:{settings.partition}:s3:::{bucket}" in estate.plan.by_arn:
        return ""
    return principal(caller).account


def _carried(written: Mapping[str, str | tuple[str, ...]]) -> Mapping[str, str | tuple[str, ...]]:
    """Return the context as it is written; a key that says through which service brings aws:ViaAWSService with it."""
    names = {key.lower() for key in written}
    through = names.intersection(_VIA) and "aws:viaawsservice" not in names
    return {**written, "aws:ViaAWSService": "true"} if through else written


def _of_stack(resource: str, estate: StackEstate) -> str:
    """Return the ARN of a resource that is written STACK.LOGICALID; anything else as it is."""
    match = _STACK_RESOURCE.fullmatch(resource)
    there = estate.plan.resources.get(match[1], {}).get(match[2]) if match else None
    return there.arn if there and there.arn else resource


def refuse_no_action(action: str) -> None:
    """Raise PolicyError for what IAM has no action for: a policy could neither allow nor deny it by that name."""
    if not _ACTION.fullmatch(action):
        raise PolicyError(f"action {action!r}: accepted: SERVICE:NAME, as in dynamodb:DeleteTable")
    reference, (service, _, name) = load(), action.partition(":")
    if action.lower() in reference.actions or service.lower() not in reference.services:
        return
    listed = next((named for each, named in otherwise_named().items() if each.lower() == action.lower()), None)
    if listed is not None:
        remedy = f"it is an operation of {service.lower()}'s API, and its actions are {', '.join(listed.actions)}"
    else:
        like = reference.close_to(action)
        remedy = f"accepted: {alternatives(like)}" if like else f"no action of {service.lower()} is named like {name}"
    raise PolicyError(f"{action}: IAM has no such action; {remedy}")


def alternatives(actions: Sequence[str]) -> str:
    """Write names as alternatives: a, b or c."""
    *others, last = actions
    return f"{', '.join(others)} or {last}" if others else last


def _with_key(request: Request, estate: StackEstate) -> Request:
    """Return the request on the key itself where an alias names it: actions on keys act on the key's ARN."""
    written = request.keys().get(_ALIASES.lower(), ())
    named = [estate.aliases[alias] for alias in written if alias in estate.aliases]
    if request.resource.startswith(estate.key_prefix) and named and request.resource not in estate.held:
        return replace(request, resource=named[0])
    match = _ALIAS.fullmatch(request.resource)
    if match is None or not _only_on_keys(request, estate):
        return request
    if not estate.key_prefix.startswith(match[1]) or match[2] not in estate.aliases:
        raise PolicyError(
            f"{request.resource}: no key of these settings has this alias; accepted, in {estate.settings.home_region}: "
            f"{', '.join(sorted(estate.aliases))}"
        )
    return replace(request, resource=estate.aliases[match[2]])


def _only_on_keys(request: Request, estate: StackEstate) -> bool:
    """Return True if this known action acts on keys, and not, as kms:DeleteAlias does, on aliases."""
    reference = load()
    if request.action.lower() not in reference.actions or reference.acts_on(request.action, request.resource):
        return False
    return reference.acts_on(request.action, f"{estate.key_prefix}1")


def _completed(request: Request, estate: StackEstate) -> Request:
    """Add the keys that AWS adds to such a request, and the tags and aliases of the resource, if a stack makes it."""
    written = {key.lower() for key in request.context}
    caller, region = request.principal, str(request.context["aws:RequestedRegion"])
    every: dict[str, str | tuple[str, ...]] = {
        **signed_context(caller, request.action, region, ""),
        **{f"aws:ResourceTag/{tag}": value for tag, value in estate.tags(request.resource).items()},
    }
    added = {key: value for key, value in every.items() if key.lower() not in written}
    own = tuple(alias for alias, key in estate.aliases.items() if key == request.resource)
    context = {**request.context, **added}
    if own:
        context = {key: value for key, value in context.items() if key.lower() != _ALIASES.lower()}
        context[_ALIASES] = tuple(dict.fromkeys((*own, *request.keys().get(_ALIASES.lower(), ()))))
    return replace(request, context=context)


def _refuse_another_resource(inquiry: Inquiry, resource: str) -> None:
    """Raise PolicyError for a resource on which AWS never evaluates the action: every layer would seem silent."""
    reference = load()
    if inquiry.action.lower() not in reference.actions or reference.acts_on(inquiry.action, resource):
        return
    formats = reference.formats(inquiry.action)
    shown = [*map(_shown, formats), *(["no resource: leave it out"] if reference.acts_on(inquiry.action, "*") else [])]
    accepted = " or ".join(shown)
    raise PolicyError(f"{inquiry.action} does not act on {inquiry.resource!r}; accepted: {accepted}")


def _shown(arn: str) -> str:
    """Return an ARN's format as the command line takes it: the last part is enough."""
    return re.sub(r"\$\{([^}]*)\}", r"<\1>", last_part(arn))


def last_part(arn: str) -> str:
    """Return the end of an ARN, which names the resource; another text as it is."""
    parts = parse(arn)
    return parts.resource if parts else arn
