"""Which statement of the settings' documents and stacks refused a request, and what would change that."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tableguard.aws.arn import parse
from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Reason
from tableguard.prove.explain.conditions import Judged, judged
from tableguard.prove.explain.estate import StackEstate, estate_of
from tableguard.prove.explain.explanation import Explanation, of_request
from tableguard.prove.explain.inquiry import Inquiry, request_of
from tableguard.prove.why.change import AllowingChange, smallest
from tableguard.prove.why.message import Context, Refused
from tableguard.settings import Settings

_SSO = re.compile(r"(arn:aws:)sts(::\d+:)assumed-role/(AWSReservedSSO_[^/]+)/.+")
_UNNAMED = "which of the stacks' resources {} is, is not known: taken for {}"
_ORGANIZATION = re.compile(r"arn:aws:organizations::\d+:policy/(o-[a-z0-9]+)/")


@dataclass(frozen=True)
class Answer:
    """The explanation of a refused request, the statement that AWS means, and the change that would allow it."""

    refused: Refused
    explanation: Explanation
    reason: Reason
    possible: Judged | None
    change: AllowingChange
    notes: tuple[str, ...]


def answered(refused: Refused, settings: Settings, context: Context) -> Answer:
    """Find the statement that refused a request; PolicyError if the policies here do not deny it."""
    if not refused.resource:
        raise PolicyError(
            f"the message does not say on which resource {refused.action} was refused; CloudTrail's record of the call "
            f"does, or ask: tableguard explain {refused.action} RESOURCE --principal {refused.user}"
        )
    estate = estate_of(settings)
    _refuse_elsewhere(refused, estate)
    explanations = sorted(_explanations(refused, estate, context), key=_likeliness)
    for explanation, note in explanations:
        reason = _meant(refused, explanation, estate)
        if reason is not None:
            return _answer(refused, explanation, reason, None, note)
    for explanation, note in explanations:
        for statement in _hanging(refused, explanation):
            reason = Reason(
                "resource" if refused.layer is None else refused.layer,
                "Deny",
                statement.policy,
                statement.statement.sid,
            )
            return _answer(refused, explanation, reason, statement, note)
    raise PolicyError(_disagreement(refused, explanations[0][0]))


def _answer(refused: Refused, explanation: Explanation, reason: Reason, possible: Judged | None, note: str) -> Answer:
    change = smallest(explanation.request, explanation.world, explanation.estate, reason)
    notes = [note] if note else []
    denial = next((one for one in explanation.layers if one.effect == "Deny"), None)
    if refused.layer is not None and not refused.explicit and denial is not None:
        notes.append(
            f"AWS tells of an explicit denial first, and this message tells of none: {denial.policy}, which has "
            f"{denial.sid}, is perhaps not attached"
        )
    policy_id = refused.policy_arn.rpartition("/")[2]
    if policy_id.startswith("p-"):
        notes.append(f"AWS tells which policy that is: aws organizations describe-policy --policy-id {policy_id}")
    if refused.authorization_id:
        notes.append(
            "for a day AWS tells the values of the context keys: aws iam-toolbox get-request-authorization-details "
            f"--authorization-id {refused.authorization_id}"
        )
    return Answer(refused, explanation, reason, possible, change, tuple(notes))


def _likeliness(candidate: tuple[Explanation, str]) -> int:
    """Put first what a further key of the request would allow: people are seldom refused what nothing foresees."""
    return 0 if candidate[0].hangs_on else 1


def _refuse_elsewhere(refused: Refused, estate: StackEstate) -> None:
    """Raise PolicyError for what no document here can tell: another organization's policy, or a session's."""
    if refused.layer == "session":
        raise PolicyError(
            "a session policy denies it: it was given when the role was taken, as Policy or PolicyArns of AssumeRole, "
            "and no document here holds it; take the role without it"
        )
    named = _ORGANIZATION.match(refused.policy_arn)
    if named and named[1] != estate.organization:
        raise PolicyError(
            f"the policy that denies is of organization {named[1]}, and these settings are about "
            f"{estate.organization}: choose others with --settings"
        )


def _explanations(refused: Refused, estate: StackEstate, context: Context) -> Iterator[tuple[Explanation, str]]:
    """Yield the explanation of the request, for each of the stacks' resources that its resource may be."""
    carried = {**_through_endpoint(refused, estate), **refused.context, **context}
    for resource, note in _may_be(refused, estate, "kms:ResourceAliases" in carried):
        inquiry = Inquiry(_caller(refused, estate), refused.action, resource, refused.region, carried)
        yield of_request(request_of(inquiry, estate), estate), note


def _caller(refused: Refused, estate: StackEstate) -> str:
    """Return the caller; the session of a permission set has no path in its ARN, its role has.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """
    if refused.user == "anonymous":
        return "*"
    match = _SSO.fullmatch(refused.user)
    home = estate.settings.home_region
    return f"{match[1]}iam{match[2]}role/aws-reserved/sso.amazonaws.com/{home}/{match[3]}" if match else refused.user


def _through_endpoint(refused: Refused, estate: StackEstate) -> Mapping[str, str]:
    """Return the keys of a request that a VPC endpoint's policy refused: it came through the endpoint."""
    if refused.layer != "endpoint" or "aws:SourceVpce" in refused.context:
        return {}
    return {"aws:SourceVpce": "vpce-of-the-message", "aws:VpceAccount": estate.settings.account_id}


def _may_be(refused: Refused, estate: StackEstate, aliased: bool) -> Iterator[tuple[str, str]]:
    """Yield the resource, and before it the stacks' resources of its kind whose ids only AWS knows.

    Which key of the stacks a key's id is, no template tells.
    """
    resource, parts = refused.resource, parse(refused.resource)
    if parts and "/" in parts.resource and not aliased and resource not in estate.plan.by_arn:
        kind = f"{resource.rpartition('/')[0]}/"
        for arn, planned in estate.plan.by_arn.items():
            name = f"{planned.stack}.{planned.name}"
            if arn == f"{kind}{name}":
                yield arn, _UNNAMED.format(parts.resource, estate.short(arn))
    yield resource, ""


def _meant(refused: Refused, explanation: Explanation, estate: StackEstate) -> Reason | None:
    """Return the reason of a denial that AWS's message means: of its layer, and of its policy if that is known."""
    if explanation.decision.allowed:
        return None
    if refused.layer is None:
        return explanation.decision.because[0]
    reasons = [reason for reason in explanation.layers if reason.layer == refused.layer]
    denials = [reason for reason in reasons if reason.effect == "Deny"]
    named = estate.held.get(refused.policy_arn)
    if refused.explicit:
        return next((one for one in denials if named is None or one.policy == named.policy.name), None)
    silent = [reason for reason in reasons if reason.effect == "silent"]
    if refused.layer == "resource" and not reasons:  # nothing is attached to it, and so nothing allows
        silent = [reason for reason in explanation.decision.because if reason.layer == "resource"]
    return silent[0] if silent and not denials else None


def _hanging(refused: Refused, explanation: Explanation) -> Iterator[Judged]:
    """Yield the statements that deny the request if it has a key that the message does not tell."""
    if refused.layer is not None and refused.explicit:
        policies = explanation.world.policies_of(refused.layer)
        statements = judged(refused.layer, policies, "Deny", explanation.request)
        yield from (statement for statement in statements if statement.failed and statement.hangs)


def _disagreement(refused: Refused, explanation: Explanation) -> str:
    """Say that the policies here answer otherwise, and what may be the reason."""
    keys = sorted({key for hinge in explanation.hinges for key in hinge.judged.absent})
    options = f"; it may have had {' or '.join(keys)}: pass --context KEY=VALUE" if keys else ""
    deployed = "other documents may be attached than these settings make"
    return f"the policies here do not deny that ({refused.reason}): {explanation.sentence}; {deployed}{options}"
