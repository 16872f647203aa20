"""The answer of every layer of the shipped documents to one request, and the decision."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tableguard.aws.arn import parse
from tableguard.aws.operations import otherwise_named
from tableguard.errors import PolicyError
from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.policy.evaluate import Decision, Layer, Reason, Request, decide
from tableguard.policy.evaluate import explain as layer_by_layer
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.principals import principal
from tableguard.policy.service_reference import load, source
from tableguard.policy.shorthand import ShortCall
from tableguard.prove import places, requests
from tableguard.prove.shipped import together
from tableguard.settings import Settings

_REMEDY = "if the request is meant, exempt its caller in the statement, or give the caller a policy that allows it"
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ITEMS = re.compile(r"arn:aws:dynamodb:[^:]*:[^:]*:table/([^/]+)(/index/.+)?")
_ALIAS = re.compile(r"(arn:aws:kms:[^:]*:[^:]*:)(alias/.+)")
_ALIASES = "kms:ResourceAliases"
# what AWS generates only when the stacks are deployed; this one is of AWS's own examples
_KEY_ID = "key/1234abcd-12ab-34cd-56ef-1234567890ab"
# service of the action -> the policy that AWS evaluates as well, and the ARN of what has it, with its name
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
_OWN_POLICIES = {
    "backup": ("backup vault's policy", re.compile(r"arn:aws:backup:[^:]*:[^:]*:backup-vault:(.+)")),
    "dynamodb": ("table's policy", _ITEMS),
    "kms": ("key's policy", re.compile(r"arn:aws:kms:[^:]*:[^:]*:key/(.+)")),
    "s3": ("bucket's policy", re.compile(r"arn:aws:s3:::([^/]+)(/.+)?")),
    "sns": ("topic's policy", re.compile(r"arn:aws:sns:[^:]*:[^:]*:([^:]+)(:.+)?")),
    "sqs": ("queue's policy", re.compile(r"arn:aws:sqs:[^:]*:[^:]*:(.+)")),
    "sts": ("role's trust policy", re.compile(r"arn:aws:iam::[^:]*:role/(?:.+/)?([^/]+)")),
}


@dataclass(frozen=True)
class Inquiry:
    """A request as a person writes it: principal and resource short, as in cases, or whole ARNs."""

    principal: str
    action: str
    resource: str
    region: str
    context: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Note:
    """A gap in the answer: a policy that was not evaluated, or one that is assumed, or what of the action is open."""

    layer: Layer | Literal["action"]
    text: str


@dataclass(frozen=True)
class Explanation(Report):
    """The request in full, every layer's answer, what that leaves open, and the decision."""

    request: Request
    layers: tuple[Reason, ...]
    notes: tuple[Note, ...]
    decision: Decision

    def text(self) -> str:
        """Write one line a layer, the decision last."""
        verdict = "allowed" if self.decision.allowed else "denied"
        because = "; ".join(self._because)
        notes = [f"    {note.layer:<9} {note.text}" for note in self.notes]
        return "\n".join([requests.sentence(self.request), *map(_line, self.layers), *notes, f"{verdict}: {because}"])

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {
            "request": requests.facts(self.request),
            "layers": [_reason_facts(reason) for reason in self.layers],
            "notes": [vars(note) for note in self.notes],
            "allowed": self.decision.allowed,
            "because": self._because,
        }

    @property
    def _because(self) -> list[str]:
        """Write each reason once; two levels of SCPs may have the same."""
        return list(dict.fromkeys(map(str, self.decision.because)))

    @property
    def exit_code(self) -> int:
        """Return FINE if the request is allowed, else FINDINGS."""
        return FINE if self.decision.allowed else FINDINGS

    @property
    def findings(self) -> list[Finding]:
        """Return one finding for each reason of a denial."""
        sentence = requests.sentence(self.request)
        return [] if self.decision.allowed else [_finding(reason, sentence) for reason in self.decision.because]


def _reason_facts(reason: Reason) -> dict[str, str]:
    return {"layer": reason.layer, "effect": reason.effect, "policy": reason.policy, "sid": reason.sid}


def _finding(reason: Reason, sentence: str) -> Finding:
    """Point at the statement that denies; where nothing allows, at the file that lists the roles' policies."""
    kind = {"identity": "role", "boundary": "role"}.get(reason.layer, reason.layer)
    has_file = reason.policy and not reason.assumed
    file = places.shipped(f"{kind}/{reason.policy}.json" if has_file else together.PLACE)
    path, line = places.of_statement(file, {reason.sid}) if has_file else ("", 1)
    return Finding("request-denied", str(file), path, line, f"{sentence}: {reason}", _REMEDY)


def _line(reason: Reason) -> str:
    verb = {"silent": "says nothing", "Allow": "allows", "Deny": "denies"}[reason.effect]
    by = f" ({reason.policy}, {reason.sid or 'no Sid'})" if reason.effect != "silent" else ""
    return f"    {reason.layer:<9} {verb}{by}"


def context(texts: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
    """Parse context keys from KEY=VALUE texts; a key that is given several times has several values."""
    keys: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise PolicyError(f"--context {text!r}: accepted: KEY=VALUE, as in aws:SourceVpce=vpce-1a2b3c4d")
        keys[key] = (*keys.get(key, ()), value)
    return {key: values[0] if len(values) == 1 else values for key, values in keys.items()}


def explained(inquiry: Inquiry, policies: PolicySet) -> Explanation:
    """Explain what the shipped documents decide about a request; PolicyError for one that AWS would never see."""
    settings = policies.settings
    request = _request(inquiry, policies)
    role = together.role_of(principal(request.principal.arn).arn, together.load().roles, settings)
    resource = _document(request, settings)
    world = together.world_of(role, resource, bool(request.keys().get("aws:sourcevpce")), policies)
    notes = (*_of_action(request), *_of_resource(request, resource, settings), *_of_caller(request, role))
    return Explanation(request, layer_by_layer(world, request), notes, decide(world, request))


def _request(inquiry: Inquiry, policies: PolicySet) -> Request:
    _refuse_no_action(inquiry.action)
    arns = policies.shorthand.principals(inquiry.principal)
    if len(arns) != 1:
        raise PolicyError(
            f"{inquiry.principal!r} stands for {len(arns)} roles here: {', '.join(arns)}; name one of them"
        )
    call = ShortCall(inquiry.action, inquiry.resource, arns[0], inquiry.region, "", inquiry.context)
    request = _with_key(policies.shorthand.request(call, arns[0], "request"), policies.settings)
    _refuse_another_resource(inquiry, request.resource)
    return request


def _refuse_no_action(action: str) -> None:
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
        remedy = f"accepted: {_alternatives(like)}" if like else f"no action of {service.lower()} is named like {name}"
    raise PolicyError(f"{action}: IAM has no such action; {remedy}")


def _alternatives(actions: Sequence[str]) -> str:
    *others, last = actions
    return f"{', '.join(others)} or {last}" if others else last


def _with_key(request: Request, settings: Settings) -> Request:
    """Return the request on the key itself where an alias names it: actions on keys act on the key's ARN."""
    match = _ALIAS.fullmatch(request.resource)
    if match is None or not _only_on_keys(request):
        return request
    aliases = _aliases(settings)
    if match[1] != f"arn:aws:kms:{settings.home_region}:{settings.account_id}:" or match[2] not in aliases:
        raise PolicyError(
            f"{request.resource}: no key of these settings has this alias; accepted, in {settings.home_region}: "
            f"{', '.join(aliases)}"
        )
    context = {key: value for key, value in request.context.items() if key.lower() != _ALIASES.lower()}
    written = request.keys().get(_ALIASES.lower(), ())
    context[_ALIASES] = tuple(dict.fromkeys((match[2], *written)))
    return replace(request, resource=f"{match[1]}{_KEY_ID}", context=context)


def _only_on_keys(request: Request) -> bool:
    """Return True if this known action acts on keys, and not, as kms:DeleteAlias does, on aliases."""
    reference = load()
    if request.action.lower() not in reference.actions or reference.acts_on(request.action, request.resource):
        return False
    return reference.acts_on(request.action, f"arn:aws:kms:::{_KEY_ID}")


def _aliases(settings: Settings) -> tuple[str, ...]:
    """Return the aliases of the keys that the stacks make with these settings."""
    optional = ("config",) if "config" in settings.optional_stacks else ()
    always = ("audit", "backup", "failures", "logs", "table")
    message = (settings.message_key_alias,) if settings.client_side_encryption else ()
    return tuple(sorted((*(f"alias/{settings.name}-{purpose}" for purpose in (*always, *optional)), *message)))


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
    return re.sub(r"\$\{([^}]*)\}", r"<\1>", _last_part(arn))


def _last_part(arn: str) -> str:
    parts = parse(arn)
    return parts.resource if parts else arn


def _document(request: Request, settings: Settings) -> str | None:
    """Return the document of policies/resource that is about the resource, if one is."""
    match = _ITEMS.fullmatch(request.resource)
    of_table = request.action.lower().startswith("dynamodb:") and match is not None and match[1] == settings.table_name
    return "messages_table" if of_table else "message_key" if _of_message_key(request, settings) else None


def _of_message_key(request: Request, settings: Settings) -> bool:
    aliases = request.keys().get("kms:resourcealiases", ())
    return request.action.lower().startswith("kms:") and settings.message_key_alias in aliases


def _of_resource(request: Request, document: str | None, settings: Settings) -> tuple[Note, ...]:
    """Note that the resource has a policy of its own of which no document, or not all, was evaluated."""
    if document == "message_key":
        # the key policy must allow each use, and the document holds denials only
        return (Note("resource", "not asked: what this key's policy allows is part of a stack's template"),)
    policy, arn = _OWN_POLICIES.get(request.action.lower().partition(":")[0], ("", None))
    match = arn.fullmatch(request.resource) if arn and not document else None
    if match is None:
        return ()
    whose = "part of a stack's template" if _of_stacks(policy, match[1], request, settings) else "its owner's"
    return (Note("resource", f"not asked: this {policy} is {whose}"),)


def _of_action(request: Request) -> tuple[Note, ...]:
    """Note what AWS's reference leaves open about the action: whether a request names a resource, or all of it."""
    action = load().actions.get(request.action.lower())
    if action is None:
        service = request.action.partition(":")[0]
        return (Note("action", f"the actions of {service} are not known here: taken for one as it is written"),)
    if action.from_botocore:
        since = f"botocore {source()['botocore']['version']}"
        return (Note("action", f"known from {since} alone: which resources and context keys it has is not known"),)
    if action.resources and request.resource == "*":
        return (Note("action", f"asked for a request that names no {_alternatives(action.resources)}"),)
    return ()


def _of_stacks(policy: str, name: str, request: Request, settings: Settings) -> bool:
    """Return True if the name is one the stacks give; a key's id shows nothing, and no stack makes a second table."""
    named = policy == "key's policy" or (name.startswith(f"{settings.name}-") and policy != "table's policy")
    return request.resource_account == settings.account_id and named


def _of_caller(request: Request, role: together.Role | None) -> tuple[Note, ...]:
    """Note that the caller's own policies are not known."""
    caller = request.principal
    if role is not None or caller.kind not in ("role", "user"):
        return ()
    name = _last_part(caller.arn)
    taken = "taken for an administrator whose own policies allow everything"
    return (Note("identity", f"{name} is none of the workload's roles: {taken}"),)
