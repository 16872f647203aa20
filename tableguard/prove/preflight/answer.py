"""Denials of calls by SCPs: what is known of a call is put into their conditions, and the prover decides the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tableguard.errors import CheckError, PolicyError
from tableguard.policy.conditions import Condition
from tableguard.policy.evaluate import Decision, Levels, Request, decide
from tableguard.policy.matching import VARIABLE, substituted
from tableguard.policy.principals import Principal, principal
from tableguard.policy.statements import Patterns, Policy, Statement
from tableguard.policy.worlds import FULL_AWS_ACCESS, Estate, Scope, guardrails
from tableguard.prove.engine.prover import prove
from tableguard.prove.engine.question import Question
from tableguard.prove.preflight.call import ModelledCall
from tableguard.settings import Settings

Blocked = Literal["always", "sometimes"]
_LITERAL = ("*", "?", "$")
_UNSAID = "known-once-made"  # the value in an example of what is there, and compared with nothing


@dataclass(frozen=True)
class Denial:
    """A denial, of every such call or of some, with a request that is denied, and why it is."""

    blocked: Blocked
    example: Request
    because: str


class Answers:
    """The answers of SCPs to the calls of roles, of the deploying ones if none are named.

    Calls that are alike as far as they are known share a proof. The SCPs stand beside FullAWSAccess, or at the `levels`
    from the root to the workload account.
    """

    def __init__(
        self,
        settings: Settings,
        estate: Estate,
        scps: Sequence[Policy],
        callers: Sequence[str] = (),
        levels: Levels = (),
    ) -> None:
        self.settings, self.estate = settings, estate
        self.levels = levels or ((FULL_AWS_ACCESS, *scps),)
        self.scps = tuple(scp for level in self.levels for scp in level)
        self.world = guardrails(estate, self.levels)
        self.callers = tuple(principal(arn) for arn in callers or settings.exempt_roles)
        self.proofs: dict[tuple[object, ...], tuple[Blocked, Request] | None] = {}
        self.covering: dict[str, Levels] = {}  # by action

    def denial_of(self, calls: Iterable[ModelledCall]) -> Denial | None:
        """Return how SCPs deny any of these alternative calls by a deploying role, or None."""
        answers = [self._denial(call, caller) for call in calls for caller in self.callers]
        denials = [denial for denial in answers if denial is not None]
        if not denials:
            return None
        always = len(denials) == len(answers) and all(denial.blocked == "always" for denial in denials)
        return replace(denials[0], blocked="always" if always else "sometimes")

    def _denial(self, call: ModelledCall, caller: Principal) -> Denial | None:
        facts = _CallFacts(call, caller, self.settings)
        undecided = tuple(
            tuple(scp for written in level if (scp := facts.filled_into(written)).statements)
            for level in self._covering(call.action)
        )
        if all(map(_lets_through, undecided)):
            return None
        proved = self._proved(call, caller, undecided)
        if proved is None:
            return None
        blocked, request = proved
        example = facts.completed(request, self.scps)
        decision = decide(self.world, example)
        if decision.allowed:
            raise CheckError(f"{call.action}: the example of a denial is allowed")  # a fault of ours, not of policies
        return Denial(blocked, example, _because(decision))

    def _covering(self, action: str) -> Levels:
        """Return the levels with the statements that cover an action: most of them are about others."""
        if action not in self.covering:
            self.covering[action] = tuple(tuple(_of_action(scp, action) for scp in level) for level in self.levels)
        return self.covering[action]

    def _proved(self, call: ModelledCall, caller: Principal, levels: Levels) -> tuple[Blocked, Request] | None:
        statements = [statement for level in levels for scp in level for statement in scp.statements]
        lines = [line for statement in statements for line in statement.conditions]
        facts = tuple(_fact(key, call) for key in sorted({line.key for line in lines}))
        key = (call.action.lower(), call.resources, caller.arn, facts, levels)
        if key not in self.proofs:
            scope = Scope(self._scope(call, facts), (caller.arn,), self.estate)
            self.proofs[key] = _blocked(Question(call.action, "allowed", scope, guardrails(self.estate, levels)))
        return self.proofs[key]

    def _scope(self, call: ModelledCall, facts: Iterable[Condition | None]) -> Statement:
        account = Condition("StringEquals", "aws:resourceaccount", (self.settings.account_id,))
        conditions = (account, *(fact for fact in facts if fact is not None))
        return Statement("", "Deny", Patterns((call.action,)), Patterns(call.resources), conditions)


def _of_action(scp: Policy, action: str) -> Policy:
    return replace(scp, statements=tuple(one for one in scp.statements if one.covers_action(action)))


def _lets_through(level: tuple[Policy, ...]) -> bool:
    """Return True if the statements of a level that may match a call allow it in any case, and none denies it."""
    statements = [statement for scp in level for statement in scp.statements]
    free = (one for one in statements if not one.conditions and one.resource.texts == ("*",))
    return all(one.effect == "Allow" for one in statements) and any(not one.resource.inverted for one in free)


def _blocked(question: Question) -> tuple[Blocked, Request] | None:
    allowed = prove(question)
    if allowed.verdict == "not proved":
        raise PolicyError(f"{question.name}: {allowed.reason}")
    if allowed.counterexample is None:
        return None
    every = prove(replace(question, wanted="denied"))
    return ("always" if every.verdict == "proved" else "sometimes"), allowed.counterexample


def _fact(key: str, call: ModelledCall) -> Condition | None:
    """Return what is known of a key in an open condition, as a condition: that it is there, or its value."""
    if key in call.present:
        return Condition("Null", key, ("false",))
    values = call.values_of(key)
    if values is None:
        return None
    if len(values) > 1:
        raise PolicyError(
            f"{call.action}: {key} has {len(values)} values, and is compared with a key that is not known"
        )
    return Condition("StringEquals", key, values) if values else Condition("Null", key, ("true",))


def _because(decision: Decision) -> str:
    return "; ".join(map(str, decision.because))


class _CallFacts:
    """The context keys of one call by one caller, as far as they are known."""

    def __init__(self, call: ModelledCall, caller: Principal, settings: Settings) -> None:
        self.call = call
        organization = (
            {"aws:principalorgid": (settings.organization_id,)}
            if settings.has_organization and caller.account == settings.account_id
            else {}
        )
        self.caller_keys = {**caller.context(), **organization}

    def values_of(self, key: str) -> tuple[str, ...] | None:
        return self.caller_keys[key] if key in self.caller_keys else self.call.values_of(key)

    def filled_into(self, scp: Policy) -> Policy:
        """Return the statements that may match the call, of an SCP's that cover its action, with what is still open."""
        remaining = tuple(self._with_open_conditions(statement) for statement in scp.statements)
        return replace(scp, statements=tuple(statement for statement in remaining if statement is not None))

    def _with_open_conditions(self, statement: Statement) -> Statement | None:
        """Return a statement without the conditions that hold; None if one of them does not."""
        open_lines = []
        for line in statement.conditions:
            holds = self._holds(line)
            if holds is False:
                return None
            if holds is None:
                open_lines.append(self._filled(line))
        return replace(statement, conditions=tuple(open_lines))

    def _holds(self, line: Condition) -> bool | None:
        """Return True or False for a condition that is decided; None if it is open."""
        if line.operator == "Null" and line.key in self.call.present:
            return "false" in [value.lower() for value in line.values]
        context = {key: self.values_of(key) for key in (line.key, *_variables(line))}
        if None in context.values():
            return None
        try:
            return line.holds({key: values for key, values in context.items() if values})
        except PolicyError as error:
            raise PolicyError(f"{self.call.action}: {error}") from error

    def _filled(self, line: Condition) -> Condition:
        """Return an open condition with the values of its variables, if all of these are known."""
        context = {key: self.values_of(key) for key in _variables(line)}
        variables = {key: values for key, values in context.items() if values}
        if len(variables) < len(context) or not variables:
            return line
        texts = (substituted(value, variables) for value in line.values)
        return replace(line, values=tuple(text for text in texts if text is not None))

    def completed(self, request: Request, scps: Iterable[Policy]) -> Request:
        """Return a request with what is known under the keys in the SCPs' conditions on its action."""
        statements = (statement for scp in scps for statement in scp.statements)
        lines = (
            line
            for statement in statements
            if statement.covers_action(self.call.action)
            for line in statement.conditions
        )
        keys = {key for line in lines for key in (line.key, *_variables(line))}
        unsaid = dict.fromkeys(keys & self.call.present - request.context.keys(), _UNSAID)
        derived = {*request.principal.context(), "aws:resourceaccount"}
        carried: dict[str, str | tuple[str, ...]] = {}
        for key in sorted((keys | {"aws:requestedregion"}) - derived):
            values = self.values_of(key)
            if values:
                carried[key] = values[0] if len(values) == 1 else values
        return replace(request, context={**request.context, **unsaid, **carried})


def _variables(line: Condition) -> list[str]:
    names = (name for value in line.values for name in VARIABLE.findall(value) if name not in _LITERAL)
    return [name.partition(",")[0].strip().lower() for name in names]
