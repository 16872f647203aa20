"""Whether SCPs deny a call: first what is known of it is put into their conditions, then the prover asks the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tableguard.errors import CheckError, PolicyError
from tableguard.policy.conditions import Condition
from tableguard.policy.evaluate import Decision, Request, World, decide
from tableguard.policy.matching import VARIABLE, substituted
from tableguard.policy.principals import Principal, principal
from tableguard.policy.statements import Patterns, Policy, Statement
from tableguard.policy.worlds import FULL_AWS_ACCESS, Estate, guardrails
from tableguard.prove.engine.prover import prove
from tableguard.prove.engine.question import Question, Scope
from tableguard.prove.preflight.call import Call
from tableguard.settings import Settings

Blocked = Literal["always", "sometimes"]
_LITERAL = ("*", "?", "$")
_UNSAID = "known-once-made"  # the value in an example of what is there, and compared with nothing


@dataclass(frozen=True)
class Stopped:
    """A denial, of every such call or of some, with a request that is denied, and why it is."""

    blocked: Blocked
    example: Request
    because: str


class Answers:
    """What SCPs say to the deployer's calls; what is the same after all is asked once."""

    def __init__(self, settings: Settings, estate: Estate, scps: Sequence[Policy]) -> None:
        self.settings, self.estate, self.scps = settings, estate, tuple(scps)
        self.world = self._under(self.scps)
        self.callers = tuple(principal(arn) for arn in settings.exempt_roles)
        self.proofs: dict[tuple[object, ...], tuple[Blocked, Request] | None] = {}

    def to(self, alternatives: Iterable[Call]) -> Stopped | None:
        """What is said to a call that is one of these, by one of the deploying roles; None if it is never denied."""
        each = [self._one(call, caller) for call in alternatives for caller in self.callers]
        stopped = [found for found in each if found is not None]
        if not stopped:
            return None
        always = len(stopped) == len(each) and all(found.blocked == "always" for found in stopped)
        return replace(stopped[0], blocked="always" if always else "sometimes")

    def _one(self, call: Call, caller: Principal) -> Stopped | None:
        known = _Known(call, caller, self.settings)
        left = tuple(found for each in self.scps if (found := known.put_into(each)).statements)
        if not any(statement.effect == "Deny" for each in left for statement in each.statements):
            return None
        proved = self._proved(call, caller, left)
        if proved is None:
            return None
        blocked, request = proved
        example = known.completed(request, self.scps)
        decision = decide(self.world, example)
        if decision.allowed:
            raise CheckError(f"{call.action}: the example of a denial is allowed")  # a fault of ours, not of policies
        return Stopped(blocked, example, _because(decision))

    def _proved(self, call: Call, caller: Principal, left: tuple[Policy, ...]) -> tuple[Blocked, Request] | None:
        lines = [line for each in left for statement in each.statements for line in statement.conditions]
        given = tuple(_given(key, call) for key in sorted({line.key for line in lines}))
        key = (call.action.lower(), call.resources, caller.arn, given, left)
        if key not in self.proofs:
            scope = Scope(self._scope(call, given), (caller.arn,), self.estate)
            self.proofs[key] = _asked(Question(call.action, "allowed", scope, self._under(left)))
        return self.proofs[key]

    def _scope(self, call: Call, given: Iterable[Condition | None]) -> Statement:
        account = Condition("StringEquals", "aws:resourceaccount", (self.settings.account_id,))
        conditions = (account, *(each for each in given if each is not None))
        return Statement("", "Deny", Patterns((call.action,)), Patterns(call.resources), conditions)

    def _under(self, scps: tuple[Policy, ...]) -> World:
        return guardrails(self.estate, ((FULL_AWS_ACCESS, *scps),))


def _asked(question: Question) -> tuple[Blocked, Request] | None:
    allowed = prove(question)
    if allowed.verdict == "not proved":
        raise PolicyError(f"{question.name}: {allowed.reason}")
    if allowed.counterexample is None:
        return None
    every = prove(replace(question, wanted="denied"))
    return ("always" if every.verdict == "proved" else "sometimes"), allowed.counterexample


def _given(key: str, call: Call) -> Condition | None:
    """What is known of a key that an open condition asks: that it is there, or its value, compared with an open one."""
    if key in call.present:
        return Condition("Null", key, ("false",))
    found = call.of(key)
    if found is None:
        return None
    if len(found) > 1:
        raise PolicyError(f"{call.action}: {key} has {len(found)} values, and is compared with a key that is not known")
    return Condition("StringEquals", key, found) if found else Condition("Null", key, ("true",))


def _because(decision: Decision) -> str:
    return "; ".join(map(str, decision.because))


class _Known:
    """What is known of one call by one caller."""

    def __init__(self, call: Call, caller: Principal, settings: Settings) -> None:
        self.call = call
        organization = (
            {"aws:principalorgid": (settings.organization_id,)} if caller.account == settings.account_id else {}
        )
        self.of_caller = {**caller.context(), **organization}

    def of(self, key: str) -> tuple[str, ...] | None:
        return self.of_caller[key] if key in self.of_caller else self.call.of(key)

    def put_into(self, scp: Policy) -> Policy:
        """The statements of an SCP that may speak of the call, each with the conditions that are still open."""
        covering = (each for each in scp.statements if each.covers_action(self.call.action))
        return Policy(scp.name, tuple(left for each in covering if (left := self._left(each)) is not None))

    def _left(self, statement: Statement) -> Statement | None:
        open_lines = []
        for line in statement.conditions:
            holds = self._holds(line)
            if holds is False:
                return None
            if holds is None:
                open_lines.append(self._filled(line))
        return replace(statement, conditions=tuple(open_lines))

    def _holds(self, line: Condition) -> bool | None:
        """Whether a condition holds; None if that is open."""
        if line.operator == "Null" and line.key in self.call.present:
            return "false" in [value.lower() for value in line.values]
        context = {key: self.of(key) for key in (line.key, *_variables(line))}
        if None in context.values():
            return None
        try:
            return line.holds({key: values for key, values in context.items() if values})
        except PolicyError as error:
            raise PolicyError(f"{self.call.action}: {error}") from error

    def _filled(self, line: Condition) -> Condition:
        """An open condition with the values of its variables, if all of these are known."""
        context = {key: self.of(key) for key in _variables(line)}
        known = {key: values for key, values in context.items() if values}
        if len(known) < len(context) or not known:
            return line
        return replace(
            line, values=tuple(text for each in line.values if (text := substituted(each, known)) is not None)
        )

    def completed(self, request: Request, scps: Iterable[Policy]) -> Request:
        """A request with what is known under the keys that the SCPs ask of its action."""
        statements = (each for scp in scps for each in scp.statements if each.covers_action(self.call.action))
        keys = {key for each in statements for line in each.conditions for key in (line.key, *_variables(line))}
        unsaid = dict.fromkeys(keys & self.call.present - request.context.keys(), _UNSAID)
        given = {key: values for key in keys | {"aws:requestedregion"} if (values := self.of(key))}
        told = {key: values[0] if len(values) == 1 else values for key, values in given.items()}
        derived = {*request.principal.context(), "aws:resourceaccount"}
        known = {key: told[key] for key in sorted(told.keys() - derived)}
        return replace(request, context={**request.context, **unsaid, **known})


def _variables(line: Condition) -> list[str]:
    names = (name for value in line.values for name in VARIABLE.findall(value) if name not in _LITERAL)
    return [name.partition(",")[0].strip().lower() for name in names]
