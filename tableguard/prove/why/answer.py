"""Which statement of the settings' documents and stacks refused a request, and what would change that."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tableguard.aws.arn import parse
from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Reason
from tableguard.prove.explain.conditions import Judged, judged
from tableguard.prove.explain.estate import StackEstate, estate_of
from tableguard.prove.explain.explanation import Explanation, of_request
from tableguard.prove.explain.inquiry import Inquiry, last_part, request_of
from tableguard.prove.why.change import AllowingChange, smallest
from tableguard.prove.why.message import Context, Refused
from tableguard.settings import Settings

_SSO = re.compile(r"(arn:[^:]+:)sts(::\d+:)assumed-role/(AWSReservedSSO_[^/]+)/.+")
_NAMING_A_KEY = "--context kms:ResourceAliases=alias/NAME says which"
_ORGANIZATION = re.compile(r"arn:[^:]+:organizations::\d+:policy/(o-[a-z0-9]+)/")


@dataclass(frozen=True)
class Answer:
    """The explanation of a refused request, the statement that AWS means, and the change that would allow it.

    `guess` says which resource was taken for the one of the message, if the statement is another one's otherwise.
    """

    refused: Refused
    explanation: Explanation
    reason: Reason
    possible: Judged | None
    change: AllowingChange
    notes: tuple[str, ...]
    guess: str = ""


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
    candidates = [*_certain(refused, explanations, estate)] or [*_possible(refused, explanations)]
    if not candidates:
        raise PolicyError(_disagreement(refused, explanations[0][0]))
    return _answer(refused, candidates, estate)


@dataclass(frozen=True)
class _Candidate:
    """What may be meant: a request, the reason of its denial, and the ARN that stands for a resource with an id."""

    explanation: Explanation
    stand_in: str
    reason: Reason
    possible: Judged | None = None

    @property
    def phrase(self) -> str:
        """Name the statement of the reason, or who is silent."""
        return self.explanation.phrase(self.reason)


def _certain(
    refused: Refused, explanations: Sequence[tuple[Explanation, str]], estate: StackEstate
) -> Iterator[_Candidate]:
    """Yield the requests that are denied as AWS's message says."""
    for explanation, stand_in in explanations:
        reason = _meant(refused, explanation, estate)
        if reason is not None:
            yield _Candidate(explanation, stand_in, reason)


def _possible(refused: Refused, explanations: Sequence[tuple[Explanation, str]]) -> Iterator[_Candidate]:
    """Yield the requests that are denied so if they have a key that the message does not tell."""
    layer = refused.layer or "resource"
    for explanation, stand_in in explanations:
        for statement in _hanging(refused, explanation):
            reason = Reason(layer, "Deny", statement.policy, statement.statement.sid)
            yield _Candidate(explanation, stand_in, reason, statement)


def _answer(refused: Refused, candidates: Sequence[_Candidate], estate: StackEstate) -> Answer:
    """Answer for the first of what may be meant, with the change in the words of the message."""
    chosen = candidates[0]
    explanation, reason = chosen.explanation, chosen.reason
    change = smallest(explanation.request, explanation.world, estate, reason)
    if ":alias/" not in refused.resource:
        change = _with_id(change, explanation.request.resource, refused.resource)
    guess = f"{last_part(refused.resource)} is {estate.short(chosen.stand_in)}" if chosen.stand_in else ""
    different = next((one for one in candidates if one.stand_in and one.phrase != chosen.phrase), None)
    notes = (*_of_guess(refused, guess, different, estate), *_of_message(refused, explanation))
    return Answer(refused, explanation, reason, chosen.possible, change, notes, guess if different else "")


def _with_id(change: AllowingChange, stand_in: str, resource: str) -> AllowingChange:
    """Return a change whose edits name the resource as AWS does, and not by its name in a stack."""
    edits = tuple(
        replace(edit, added={**edit.added, "Resource": resource})
        if isinstance(edit.added, dict) and edit.added.get("Resource") == stand_in
        else edit
        for edit in change.edits
    )
    return replace(change, edits=edits)


def _of_guess(refused: Refused, guess: str, different: _Candidate | None, estate: StackEstate) -> Iterator[str]:
    """Say which resource was taken for the one of the message, and what the answer is for another."""
    if guess:
        unknown = f"no template tells whether {guess}"
        otherwise = f"; of {estate.short(different.stand_in)} it is: {different.phrase}" if different else ""
        which = f"; {_NAMING_A_KEY}" if refused.action.startswith("kms:") else ""
        yield f"{unknown}{otherwise}{which}"


def _of_message(refused: Refused, explanation: Explanation) -> Iterator[str]:
    """Say what else the message tells: that no denial stands in the way, and who knows more about it."""
    denial = next((one for one in explanation.layers if one.effect == "Deny"), None)
    if refused.layer is not None and not refused.explicit and denial is not None:
        yield (
            f"AWS tells of an explicit denial first, and this message tells of none: {denial.policy}, which has "
            f"{denial.sid}, is perhaps not attached"
        )
    policy_id = refused.policy_arn.rpartition("/")[2]
    if policy_id.startswith("p-"):
        yield f"AWS tells which policy that is: aws organizations describe-policy --policy-id {policy_id}"
    if refused.authorization_id:
        yield (
            "for a day AWS tells the values of the context keys: aws iam-toolbox get-request-authorization-details "
            f"--authorization-id {refused.authorization_id}"
        )


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
    """Yield the explanation of the request for each of the stacks' resources that its resource may be, and its ARN."""
    carried = {**_through_endpoint(refused, estate), **refused.context, **context}
    for resource, stand_in in _may_be(refused, estate, "kms:resourcealiases" in map(str.lower, carried)):
        inquiry = Inquiry(_caller(refused, estate), refused.action, resource, refused.region, carried)
        yield of_request(request_of(inquiry, estate), estate), stand_in


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
    """Yield the resource, and before it the stacks' resources of its kind whose ids only AWS knows, twice each.

    Which key of the stacks a key's id is, no template tells. The second of a pair is empty for the resource itself.
    """
    resource, parts = refused.resource, parse(refused.resource)
    if parts and "/" in parts.resource and not aliased and resource not in estate.plan.by_arn:
        kind = f"{resource.rpartition('/')[0]}/"
        for arn, planned in estate.plan.by_arn.items():
            name = f"{planned.stack}.{planned.name}"
            if arn == f"{kind}{name}":
                yield arn, arn
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
