"""Sequences as people and programs read them, and the report of `tableguard reach`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tableguard.aws.arn import parse
from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.policy.evaluate import Reason
from tableguard.prove import requests
from tableguard.prove.reach.account import Fact
from tableguard.prove.reach.goals import Goal, Sequence
from tableguard.prove.reach.judge import Call
from tableguard.prove.reach.promises import ReachAnswer
from tableguard.prove.reach.search import Search
from tableguard.prove.reach.trial import SequenceStep
from tableguard.reading.line_numbers import line_with

LEFT_OUT = (
    "what the management account changes: SCPs, RCPs, organizational units, permission sets",
    "other accounts of the organization, service-linked roles, and what AWS services do of themselves",
    "who is let into the takers' roles by their own trust policies: permission sets, pipelines",
    "secrets found in files, code, logs and parameters; people who are deceived; pipelines that build the packages",
    "resources other than those listed with --json, and roles of the account that no document describes",
    "effects of a call other than the one in the table of steps, such as ACLs and access points of buckets",
    "state machines, pipelines, jobs and schedules that exist already; repairs, alarms and whoever looks at them",
)
_OF_EVERY_REQUEST = ("aws:principalorgid", "aws:requestedregion", "aws:securetransport", "aws:currenttime")
TAKEN_FOR = (
    "whatever a caller can choose is as the attacker needs it: names, tags, networks, times, a role's second factor",
    "a service to which a role is handed does with it whatever he wants",
    "a principal whose policies no document holds may do everything by its own policies",
    "what he changed stays so, and what one step takes away hinders no other",
)


@dataclass(frozen=True)
class GoalAnswer:
    """The shortest sequence to a goal; None if there is none."""

    goal: Goal
    sequence: Sequence | None


@dataclass(frozen=True)
class ReachReport(Report):
    """Whom the attacker can become and what he can change, and whether that leads to the goals."""

    start: tuple[str, ...]
    search: Search
    goals: tuple[GoalAnswer, ...]
    without: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """Return FINDINGS if a goal is reached, else UNANSWERED if something could not be decided, else FINE."""
        if any(answer.sequence for answer in self.goals):
            return FINDINGS
        return UNANSWERED if self.search.judge.undecided else FINE

    def text(self) -> str:
        """Write the sequence to each goal, then everything else that is reached, then what the model leaves out."""
        begins = f"begins as {', '.join(map(short, self.start))}"
        lines = [begins, *(line for answer in self.goals for line in _goal_lines(answer)), *self._others()]
        lines += [f"not decided: {reason}" for reason in self.search.judge.undecided]
        lines += [f"taken to be impossible: {name}" for name in self.without]
        lines += [*(f"assumed: {fact}" for fact in self.assumed), *assumptions()]
        reached = sum(answer.sequence is not None for answer in self.goals)
        return "\n".join([*lines, f"{reached} of {counted(len(self.goals), 'goal', 'goals')} reached"])

    def _others(self) -> Iterator[str]:
        """Yield a line for each further principal that he becomes, and for each change that he can make."""
        for fact, step in self.search.steps.items():
            if step is not None:
                count = counted(len(self.search.sequence([fact])), "step", "steps")
                yield f"{sentence(fact)}: after {count}, the last: {step_line(step)}"

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        steps = self.search.steps.items()
        return {
            "begins": list(self.start),
            "goals": [{"goal": answer.goal.name, "sequence": sequence_facts(answer.sequence)} for answer in self.goals],
            "reached": [
                {**fact._asdict(), "steps": [step_facts(step) for step in self.search.sequence([fact])]}
                for fact, last in steps
                if last is not None
            ],
            "undecided": list(self.search.judge.undecided),
            "taken_to_be_impossible": list(self.without),
            "resources": sorted(self.search.account.things),
            "assumed": [*self.assumed, *TAKEN_FOR],
            "left_out": list(LEFT_OUT),
            "exit_code": self.exit_code,
        }

    @property
    def findings(self) -> list[Finding]:
        """Return one finding for each goal that is reached."""
        return [_finding(answer.goal, answer.sequence, self.start) for answer in self.goals if answer.sequence]


def _finding(goal: Goal, sequence: Sequence, start: tuple[str, ...]) -> Finding:
    problem = "\n".join([f"{', '.join(map(short, start))} {goal.says}", *sequence_lines(sequence)])
    remedy = "deny one of its calls, or name the step with --without if it is no concern of yours"
    text = Path(goal.place).read_text(encoding="utf-8")
    return Finding(
        "goal-reached", goal.place, f"goals.{goal.name}", line_with(text, f"[goals.{goal.name}]"), problem, remedy
    )


def assumptions() -> list[str]:
    """Write what is assumed of every sequence, and what no sequence has."""
    return [*(f"assumed: {fact}" for fact in TAKEN_FOR), *(f"left out: {fact}" for fact in LEFT_OUT)]


def promise_lines(answer: ReachAnswer) -> list[str]:
    """Write a line about a promise, and the sequence that refutes it below."""
    head = f"{answer.place}: must not reach: {answer.promise.name}: {answer.verdict}"
    if answer.verdict == "no guardrail":
        return [head]
    impossible = f", without the steps {', '.join(answer.promise.without)}" if answer.promise.without else ""
    if answer.sequence is not None and answer.goal is not None:
        return [f"{head}: {answer.goal.says}", *sequence_lines(answer.sequence)]
    detail = answer.reason or f"{counted(answer.facts, 'fact', 'facts')} reached{impossible}"
    return [f"{head}, {detail}" if answer.holds else f"{head}: {detail}"]


def promise_facts(answer: ReachAnswer) -> dict[str, Any]:
    """Return a promise and its answer as a value for JSON."""
    return {
        "document": answer.place,
        "promise": answer.promise.name,
        "goals": list(answer.promise.goals),
        "from": list(answer.promise.start),
        "but": list(answer.promise.but),
        "without": list(answer.promise.without),
        "verdict": answer.verdict,
        "reason": answer.reason,
        "facts": answer.facts,
        "milliseconds": round(answer.seconds * 1000),
        "goal": answer.goal.name if answer.goal else None,
        "sequence": sequence_facts(answer.sequence),
        "assumed": [*answer.assumed, *TAKEN_FOR],
        "left_out": list(LEFT_OUT),
    }


def _goal_lines(answer: GoalAnswer) -> list[str]:
    if answer.sequence is None:
        return [f"{answer.goal.name}: not reached"]
    return [f"{answer.goal.name}: {answer.goal.says}", *sequence_lines(answer.sequence)]


def sequence_lines(sequence: Sequence) -> list[str]:
    """Write one line a step, numbered, with its calls below, each with the statements that allow it."""
    lines = []
    for number, step in enumerate(sequence.steps, start=1):
        lines.append(f"    {number}. {step_line(step)}")
        lines += [f"       {call_line(call)}" for call in step.calls]
    if sequence.last is not None:
        lines += [f"    {len(sequence.steps) + 1}. {call_line(sequence.last)}"]
    return lines


def step_line(step: SequenceStep) -> str:
    """Write what a step does."""
    if step.kind.service:
        service = f"the service {step.kind.name}" if step.kind.service == "*" else step.kind.service
        return f"{step.kind.name}: hands {short(step.target)} to {service}, which acts for him"
    return f"{step.kind.name}: {step.kind.says} {short(step.target)}"


def call_line(call: Call) -> str:
    """Write a call and the statements by which it is allowed."""
    because = dict.fromkeys(map(_allowed_by, call.decision.because))
    chosen = {key: value for key, value in call.request.context.items() if key.lower() not in _OF_EVERY_REQUEST}
    return f"{requests.sentence(replace(call.request, context=chosen))}; {', '.join(because)}"


def _allowed_by(reason: Reason) -> str:
    sid = reason.sid or "(no Sid)"
    return f"{reason.layer}: {reason.assumed}" if reason.assumed else f"{reason.layer}: {reason.policy}, {sid}"


_SENTENCES = {
    "is": "becomes {}",
    "made": "makes {}",
    "trusted": "opens the trust policy of {}",
    "granted": "allows everything to {}",
    "undenied": "takes the denials from {}",
    "unbound": "takes the boundary from {}",
    "rewritten": "rewrites {}",
    "joined": "puts {} into a group",
    "factor": "has the second factor of {}",
    "opened": "opens {}",
    "widened": "lets himself use {}",
}


def sentence(fact: Fact) -> str:
    """Write a fact about the attacker."""
    return _SENTENCES[fact.kind].format(short(fact.subject))


def short(arn: str) -> str:
    """Return the last part of an ARN of IAM, or the ARN of anything else without its beginning."""
    parts = parse(arn)
    return parts.resource if parts and parts.resource else arn


def sequence_facts(sequence: Sequence | None) -> list[dict[str, Any]] | None:
    """Return a sequence as a value for JSON."""
    if sequence is None:
        return None
    steps = [step_facts(step) for step in sequence.steps]
    return [*steps, *([{"step": "call", "calls": [_call_facts(sequence.last)]}] if sequence.last else [])]


def step_facts(step: SequenceStep) -> dict[str, Any]:
    """Return a step as a value for JSON."""
    return {
        "step": step.kind.name,
        "target": step.target,
        "service": step.kind.service,
        "source": step.kind.source,
        "gives": step.gives._asdict(),
        "calls": [_call_facts(call) for call in step.calls],
    }


def _call_facts(call: Call) -> dict[str, Any]:
    because = [
        {"layer": reason.layer, "policy": reason.policy, "sid": reason.sid, "assumed": reason.assumed}
        for reason in call.decision.because
    ]
    return {"request": requests.facts(call.request), "because": because}
