"""The answer about one request: a sentence with the decision, then what each layer says and what that hangs on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from tableguard.findings.exit_code import FINDINGS, FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.policy import worlds
from tableguard.policy.evaluate import Decision, Layer, Reason, Request, World, decide
from tableguard.policy.evaluate import explain as layer_by_layer
from tableguard.prove import places, requests
from tableguard.prove.explain.conditions import Judged, judged, keys_asked_for, may_be_allowed
from tableguard.prove.explain.estate import StackEstate, estate_of
from tableguard.prove.explain.inquiry import Inquiry, last_part, request_of
from tableguard.prove.explain.notes import Note, notes_on
from tableguard.prove.shipped import together
from tableguard.settings import Settings

_REMEDY = "if the request is meant, exempt its caller in the statement, or give the caller a policy that allows it"
_CALLED: Mapping[Layer, str] = {
    "boundary": "permissions boundary",
    "endpoint": "endpoint policy",
    "identity": "identity policy",
    "rcp": "RCP",
    "resource": "resource policy",
    "scp": "SCP",
    "session": "session policy",
}
# keys that AWS adds to requests
_ADDED = ("aws:principalorgid", "aws:resourcetag/", "aws:securetransport", "aws:viaawsservice", "kms:calleraccount")
_VERBS = {"Allow": "allows", "Deny": "denies"}
# an RCP only denies, and what is of the same account may be used without a word of the resource's own policy
_SILENT: Mapping[Layer, str] = {"rcp": "denies nothing", "resource": "says nothing"}
# the last part of the name of a policy that a resource has: each template's begins so
_OWN = ("bucket policy", "key policy", "queue policy", "table policy", "topic policy", "trust policy", "vault policy")

Bearing = Literal["decides", "denies too", "would allow", "would deny"]


@dataclass(frozen=True)
class Hinge:
    """A statement whose conditions matter to the answer, and how: it decides, or would if its conditions were met."""

    bearing: Bearing
    judged: Judged

    def text(self) -> str:
        """Say in one line which conditions hold, fail or hang on an absent key."""
        statement = f"{self.judged.statement.sid or '(no Sid)'} ({self.judged.policy})"
        if self.bearing == "decides":
            held = "; and ".join(line.words for line in self.judged.lines)
            return f"{statement} applies, because {held}{self._hint}"
        if self.bearing == "denies too":
            return f"{statement} denies it too"
        if self.bearing == "would allow":
            return f"{statement} would allow it, but asks that {'; and that '.join(map(str, self.judged.failed))}"
        # all of what an absent key is asked about, also what holds while it is absent
        wanted = (line.words for line in self.judged.lines if line.absent)
        return f"{statement} would deny it if {' and '.join(wanted)}{self._hint}"

    @property
    def _hint(self) -> str:
        if not self.judged.absent:
            return ""
        options = " ".join(f"--context {key}=…" for key in self.judged.absent)
        return f"; the request has no {' and no '.join(self.judged.absent)}: pass {options}"

    def facts(self) -> dict[str, Any]:
        """Return the same as a value for JSON."""
        return {
            "bearing": self.bearing,
            "layer": self.judged.layer,
            "policy": self.judged.policy,
            "sid": self.judged.statement.sid,
            "conditions": [line.facts() for line in self.judged.lines],
            "absent_keys": list(self.judged.absent),
        }


@dataclass(frozen=True)
class Explanation(Report):
    """The request in full, every layer's answer, what that hangs on and leaves open, and the decision."""

    request: Request
    world: World
    layers: tuple[Reason, ...]
    hinges: tuple[Hinge, ...]
    notes: tuple[Note, ...]
    decision: Decision
    estate: StackEstate

    def text(self) -> str:
        """Write the decision in one sentence, then the request, one line a layer, and what the answer hangs on."""
        lines = [self.sentence, f"asked: {requests.sentence(self._short_request)}", *dict.fromkeys(self._layer_lines())]
        hinges = [f"    {_column(hinge.judged.layer)} {hinge.text()}" for hinge in self.hinges]
        return "\n".join([*lines, *hinges, *(f"    {_column(note.layer)} {note.text}" for note in self.notes)])

    @property
    def _short_request(self) -> Request:
        """The request without the keys that AWS adds and that no statement about the action asks for."""
        policies = [policy for layer in _CALLED for policy in self.world.policies_of(layer)]
        compared = {key for policy in policies for key in keys_asked_for(policy, self.request.action)}
        context = {
            key: value
            for key, value in self.request.context.items()
            if key.lower() in compared or not key.lower().startswith(_ADDED)
        }
        return replace(self.request, context=context)

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        return {
            "sentence": self.sentence,
            "allowed": self.decision.allowed,
            "because": self.because,
            "hangs_on_absent_keys": self.hangs_on,
            "decided_by": [self.reason_facts(reason) for reason in self.decision.because],
            "request": requests.facts(self.request),
            "layers": [self.reason_facts(reason) for reason in dict.fromkeys(self.layers)],
            "hinges": [hinge.facts() for hinge in self.hinges],
            "notes": [vars(note) for note in self.notes],
        }

    @property
    def sentence(self) -> str:
        """The decision, and the statement that made it, in one sentence."""
        hanging = self.hangs_on
        unless = f", as long as the request has no {' and no '.join(hanging)}," if hanging else ""
        if self.decision.allowed:
            return f"allowed{unless} by {'; by '.join(self._grants)}; nothing denies it"
        reasons = [self.phrase(reason) for reason in self.decision.because]
        denies = self.decision.because[0].effect == "Deny"
        return f"denied{unless} by {reasons[0]}" if denies else f"denied{unless.rstrip(',')}: {'; '.join(reasons)}"

    @property
    def hangs_on(self) -> list[str]:
        """The keys that the request does not have and that would turn the decision, if they had a certain value."""
        if not self.decision.allowed and not may_be_allowed(self.world, self.request):
            return []  # something else denies it in any case
        return sorted({key for hinge in self.hinges if hinge.judged.hangs for key in hinge.judged.absent})

    @property
    def _grants(self) -> list[str]:
        """Name the statements that give the permission; endpoint, SCPs and boundary only let it through."""
        giving = [reason for reason in self.decision.because if reason.layer in ("identity", "resource")]
        return [self.phrase(reason) for reason in giving or self.decision.because]

    @property
    def because(self) -> list[str]:
        """Write each reason once, with the place of its statement; two levels of SCPs may have the same."""
        verb = "allowed by " if self.decision.allowed else "denied by "
        return list(
            dict.fromkeys(
                f"{'' if reason.effect == 'silent' else verb}{self.phrase(reason)}" for reason in self.decision.because
            )
        )

    def phrase(self, reason: Reason) -> str:
        """Name the statement of a reason and its place; of a silence, say who is silent."""
        if reason.effect == "silent":
            return self._silence(reason.layer)
        if reason.assumed:
            return _assumed(reason)
        place = self.estate.place(reason.layer, reason.policy, reason.sid)
        called = (
            f"the {reason.policy}" if reason.policy.startswith(_OWN) else f"{_CALLED[reason.layer]} {reason.policy}"
        )
        return f"statement {reason.sid or '(no Sid)'} of {called}{f' ({place})' if place else ''}"

    def _silence(self, layer: Layer) -> str:
        """Say which policies are silent, by name."""
        names = [policy.name for policy in self.world.policies_of(layer) if not policy.assumed]
        action = self.request.action
        if layer == "resource" and not names:
            own = f"no policy of {last_part(self.request.resource)} that is known here allows {action}"
            return own + ("" if self._is_own else f" to {self.request.principal.account or 'the caller'}")
        named = f" ({', '.join(names)})" if names else ""
        return f"no statement of the {_CALLED[layer]}{named} allows {action}"

    @property
    def _is_own(self) -> bool:
        return self.request.principal.account == self.request.resource_account

    def _layer_lines(self) -> Iterator[str]:
        """Yield a line for each layer; levels that say the same are one, and only what decides of those that differ."""
        for layer in dict.fromkeys(reason.layer for reason in self.layers):
            reasons = [reason for reason in self.layers if reason.layer == layer]
            for effect in ("Deny", "silent", "Allow"):
                deciding = [reason for reason in reasons if reason.effect == effect]
                if deciding:
                    yield from map(_line, deciding)
                    break

    def reason_facts(self, reason: Reason) -> dict[str, Any]:
        """Return a reason, and the place of its statement, as a value for JSON."""
        place = None if reason.assumed else self.estate.place(reason.layer, reason.policy, reason.sid)
        return {
            "layer": reason.layer,
            "effect": reason.effect,
            "policy": "" if reason.effect == "silent" else _assumed(reason) if reason.assumed else reason.policy,
            "assumed": bool(reason.assumed),
            "sid": "" if reason.assumed else reason.sid,
            "file": place.file if place else None,
            "line": place.line if place else None,
        }

    @property
    def exit_code(self) -> int:
        """Return FINE if the request is allowed, else FINDINGS."""
        return FINE if self.decision.allowed else FINDINGS

    @property
    def findings(self) -> list[Finding]:
        """Return one finding for each reason of a denial."""
        return [] if self.decision.allowed else [self._finding(reason) for reason in self.decision.because]

    def _finding(self, reason: Reason) -> Finding:
        """Point at the statement that denies; where nothing allows, at the file that lists the roles' policies."""
        place = self.estate.place(reason.layer, reason.policy, reason.sid) if reason.policy else None
        file, path, line = (
            (place.file, place.path, place.line) if place else (str(places.shipped(together.PLACE)), "", 1)
        )
        problem = f"{requests.sentence(self.request)}: {self.phrase(reason)}"
        return Finding("request-denied", file, path, line, problem, _REMEDY)


def _column(layer: str) -> str:
    return f"{layer:<9}"


def _assumed(reason: Reason) -> str:
    return {
        worlds.FULL_AWS_ACCESS.assumed: "FullAWSAccess",
        worlds.ADMINISTRATOR.assumed: "the assumed administrator's policy",
    }.get(reason.assumed, reason.assumed)


def _line(reason: Reason) -> str:
    named = _assumed(reason) if reason.assumed else f"{reason.policy}, {reason.sid or 'no Sid'}"
    by = f" ({named})" if reason.effect != "silent" else ""
    verb = _SILENT.get(reason.layer, "does not allow it") if reason.effect == "silent" else _VERBS[reason.effect]
    return f"    {_column(reason.layer)} {verb}{by}"


def explained(inquiry: Inquiry, settings: Settings) -> Explanation:
    """Explain what is decided about a request; PolicyError for one that AWS would never see."""
    estate = estate_of(settings)
    return of_request(request_of(inquiry, estate), estate)


def of_request(request: Request, estate: StackEstate) -> Explanation:
    """Explain what is decided about a complete request in the world of the stacks."""
    world = world_of(request, estate)
    decision, layers = decide(world, request), layer_by_layer(world, request)
    hinges = tuple(_hinges(world, request, decision, layers))
    return Explanation(request, world, layers, hinges, tuple(notes_on(request, estate, world)), decision, estate)


def world_of(request: Request, estate: StackEstate) -> World:
    """Build the world in which a request is decided: the endpoint's policy counts for what passes our endpoint."""
    keys = request.keys()
    ours = keys.get("aws:vpceaccount", (estate.settings.account_id,)) == (estate.settings.account_id,)
    passes = "aws:sourcevpce" in keys and ours and request.action.lower().startswith("dynamodb:")
    return worlds.of_request(
        estate,
        caller=request.principal,
        action=request.action,
        resource=request.resource,
        owner=request.resource_account,
        endpoint=estate.endpoint() if passes else None,
    )


def _hinges(world: World, request: Request, decision: Decision, layers: Iterable[Reason]) -> Iterator[Hinge]:
    """Yield what the answer hangs on: the deciding denial, what nearly allows, and what nearly denies."""
    applying = tuple(dict.fromkeys(reason.layer for reason in layers))
    if decision.allowed:
        for layer in applying:
            for statement in judged(layer, world.policies_of(layer), "Deny", request):
                if statement.failed and statement.hangs:
                    yield Hinge("would deny", statement)
        yield from _deciding(world, request, decision, "Allow")
    elif decision.because[0].effect == "Deny":
        yield from _deciding(world, request, decision, "Deny")
        yield from _denying_too(world, request, decision, applying)
    else:
        for reason in decision.because:
            near = list(judged(reason.layer, world.policies_of(reason.layer), "Allow", request))
            # what only lacks keys is nearer than what has others
            lacking = [statement for statement in near if statement.hangs]
            yield from (Hinge("would allow", statement) for statement in lacking or near)


def _denying_too(world: World, request: Request, decision: Decision, layers: Iterable[Layer]) -> Iterator[Hinge]:
    """Yield the other statements that deny: exempted from the first, the request meets them."""
    first = decision.because[0]
    for layer in layers:
        for statement in judged(layer, world.policies_of(layer), "Deny", request):
            named = (layer, statement.policy, statement.statement.sid)
            if not statement.failed and named != (first.layer, first.policy, first.sid):
                yield Hinge("denies too", statement)


def _deciding(world: World, request: Request, decision: Decision, effect: Literal["Allow", "Deny"]) -> Iterator[Hinge]:
    """Yield the deciding statements that have conditions; of what allows, those that hang on an absent key."""
    for reason in dict.fromkeys(decision.because):
        for statement in judged(reason.layer, world.policies_of(reason.layer), effect, request):
            same = (statement.policy, statement.statement.sid) == (reason.policy, reason.sid)
            if same and statement.lines and not statement.failed and (effect == "Deny" or statement.hangs):
                yield Hinge("decides", statement)
