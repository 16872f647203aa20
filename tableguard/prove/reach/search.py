"""The search for everything that an attacker can reach: steps from what he has, until no step gives anything new.

Facts are only added, and there are finitely many, so it ends. Every fact is found in the first round in which it can
be, and by the shortest sequence that is known then.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from tableguard.prove.reach.account import Account, Fact, PolicyHolder, outsider
from tableguard.prove.reach.judge import Condition, Judge
from tableguard.prove.reach.kinds import StepKind
from tableguard.prove.reach.names import is_reserved
from tableguard.prove.reach.trial import Actors, SequenceStep, Trial

_NO_FACTOR: Condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
_FEW_FACTS = 4  # up to here every choice of the facts about a principal is tried, beyond it each alone and all


class Search:
    """What an attacker has, fact by fact, each with the step that gave it; None for what he begins with."""

    def __init__(self, account: Account, kinds: tuple[StepKind, ...], start: Iterable[str], judge: Judge) -> None:
        self.account, self.kinds, self.judge = account, kinds, judge
        self.outsider = outsider(account.estate)
        begun = {Fact("is", arn) for arn in (*start, self.outsider)}
        # whoever begins as a user has the user's second factor; of a user taken on the way he has none
        begun |= {Fact("factor", fact.subject) for fact in begun if ":user/" in fact.subject}
        self.steps: dict[Fact, SequenceStep | None] = dict.fromkeys(sorted(begun))
        self.complete = False

    @property
    def facts(self) -> frozenset[Fact]:
        """Everything that is so by now."""
        return frozenset(self.steps)

    def run(self, ends: Callable[["Search"], bool] = lambda _: False) -> "Search":
        """Take every step that is possible, round by round, until a round brings nothing, or `ends` says so."""
        while not self.complete and not ends(self):
            self.complete = not self._round()
        return self

    def trial(self) -> Trial:
        """Return what tries steps with all that the attacker has by now."""
        return Trial(self.account, self.judge, self.facts, self.views())

    def _round(self) -> bool:
        trial = self.trial()
        best: dict[Fact, SequenceStep] = {}
        for kind in self.kinds:
            for step in self._steps(kind, trial):
                if step.gives not in best or self._length(step) < self._length(best[step.gives]):
                    best[step.gives] = step
        self.steps.update(best)
        return bool(best)

    def _steps(self, kind: StepKind, trial: Trial) -> Iterator[SequenceStep]:
        targets = [(arn, fact) for arn in self._targets(kind) for fact in self._gained(kind, arn)]
        if targets and trial.open_to(kind, tuple(dict.fromkeys(arn for arn, _ in targets))):
            steps = (trial.step(kind, arn, fact) for arn, fact in targets)
            yield from (step for step in steps if step is not None)

    def _length(self, step: SequenceStep) -> int:
        return len(self.sequence(step.needs)) + 1

    def sequence(self, facts: Iterable[Fact]) -> tuple[SequenceStep, ...]:
        """Return the steps that lead to these facts, in an order in which they can be taken."""
        ordered: dict[Fact, SequenceStep] = {}
        for fact in sorted(facts):
            self._add(fact, ordered)
        return tuple(ordered.values())

    def _add(self, fact: Fact, ordered: dict[Fact, SequenceStep]) -> None:
        step = self.steps[fact]
        if step is not None and fact not in ordered:
            for before in sorted(step.needs):
                self._add(before, ordered)
            ordered[fact] = step

    def views(self) -> list[Actors]:
        """Return the principals that the attacker is, together where their own policies are the same."""
        together: dict[tuple[object, ...], Actors] = {}
        changed: list[Actors] = []
        for arn in (fact.subject for fact in self.steps if fact.kind == "is"):
            identity = self.account.identity(arn, frozenset())
            for condition, needs in self._circumstances(arn):
                steps = len(self.sequence([Fact("is", arn), *needs]))
                key = (*map(id, (*identity.policies, identity.boundary)), str(condition), needs, steps)
                alike = together.get(key, Actors((), identity, needs, condition))
                together[key] = alike._replace(callers=(*alike.callers, arn))
                changed += self._changed(arn, condition, needs)
        return sorted([*together.values(), *changed], key=self._steps_to)

    def _steps_to(self, view: Actors) -> int:
        """Return the number of steps after which the attacker is one of these principals, with these policies."""
        return len(self.sequence([Fact("is", view.callers[0]), *view.needs]))

    def _circumstances(self, arn: str) -> Iterator[tuple[Condition, frozenset[Fact]]]:
        """Yield what is known of every call of a principal, and the facts by which it is so."""
        if arn == self.outsider:
            yield self._outside(), frozenset()
        elif ":user/" not in arn:
            yield {}, frozenset()
        else:
            factor = Fact("factor", arn)
            begun = factor in self.steps and self.steps[factor] is None
            if not begun:
                yield _NO_FACTOR, frozenset()
            if factor in self.steps:
                yield {}, frozenset() if begun else frozenset({factor})

    def _outside(self) -> Condition:
        """Return the condition of requests from outside: another account of the organization is not the attacker's."""
        organization = self.account.estate.organization_id
        return {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization}} if organization else {}

    def _changed(self, arn: str, condition: Condition, needs: frozenset[Fact]) -> Iterator[Actors]:
        """Yield the views of a principal after some of the facts about it."""
        about = sorted(self.account.concerning(arn, self.facts))
        sizes = range(1, len(about) + 1) if len(about) <= _FEW_FACTS else (1, len(about))
        for size in sizes:
            for some in combinations(about, size):
                yield Actors((arn,), self.account.identity(arn, frozenset(some)), needs | frozenset(some), condition)

    def _targets(self, kind: StepKind) -> Iterable[str]:
        match kind.on:
            case "policy":
                return self.account.managed_policies
            case "name-of-role" | "name-of-user":
                of_kind = kind.on.rpartition("-")[2]
                return (h.arn for h in self._own(of_kind) if not h.exists and not is_reserved(h.arn))
            case "federated-user":
                sessions = self.account.sessions.items()
                return (session for session, user in sessions if self._is_there(self.account.holders[user]))
            case "role" | "user" | "group":
                return (holder.arn for holder in self._own(kind.on) if self._is_there(holder))
            case _:
                return (thing.arn for thing in self.account.things.values() if thing.kind == kind.on)

    def _is_there(self, holder: PolicyHolder) -> bool:
        """Return True for a principal or group that there was, or that the attacker has made."""
        return holder.exists or Fact("made", holder.arn) in self.steps or Fact("is", holder.arn) in self.steps

    def _own(self, kind: str) -> Iterator[PolicyHolder]:
        """Yield the principals or groups of the account itself that are of a kind."""
        ours = f"::{self.account.estate.account}:"
        return (holder for holder in self.account.holders.values() if holder.kind == kind and ours in holder.arn)

    def _gained(self, kind: StepKind, arn: str) -> Iterator[Fact]:
        """Yield the facts that a step on something would give, those that are new and worth something."""
        thing, holder = self.account.things.get(arn), self.account.holders.get(arn)
        if kind.gives == "joined":
            users = [fact.subject for fact in self.steps if fact.kind == "is" and ":user/" in fact.subject]
            facts = [Fact("joined", user, arn) for user in users]
        elif thing is not None and kind.gives == "is":
            facts = [Fact("is", role) for role in thing.runs_as]
        else:
            facts = [Fact(kind.gives, arn)]
        if holder is None or self._is_of_use(kind, holder):
            yield from (fact for fact in facts if fact not in self.steps)

    def _is_of_use(self, kind: StepKind, holder: PolicyHolder) -> bool:
        """Return False for a change that lets nobody do more."""
        match kind.gives:
            case "granted":
                return not holder.is_administrator
            case "undenied":
                return any(statement.effect == "Deny" for own in holder.policies for statement in own.statements)
            case "unbound":
                return holder.boundary is not None
            case "trusted" | "made":
                return Fact("is", holder.arn) not in self.steps
            case _:
                return True
