"""The contract of a policy document: the TOML beside its JSON, read strictly.

It holds the claim, one sentence for readers; the promises about all requests; and the cases, each one request with its
answer, written short as tableguard/policy/shorthand.py says.

A promise, `[[must-deny]]` or `[[must-allow]]`, is about every request that its statement, written in the policy
language, covers. `callers` are `members` (of the organization's member accounts), `account` (roles and users of the
workload account), `anyone`, or principals written short; by default those whom the kind of document binds. With
`whatever-else = true` it holds even if the caller's other policies allow everything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from tableguard.errors import PolicyError
from tableguard.paths import POLICIES
from tableguard.policy import documents
from tableguard.policy.documents import PolicyDocument
from tableguard.policy.evaluate import Wanted
from tableguard.policy.principals import GROUPS, Group
from tableguard.policy.shorthand import ShortCall, Shorthand
from tableguard.policy.statements import Effect, Statement, policy
from tableguard.policy.worlds import Scope
from tableguard.reading import placeholders
from tableguard.reading.controls import Control, controls
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table, is_text, is_text_or_texts, read_toml, refuse_repetition

Verdict = Literal["denied", "not denied", "allowed", "not allowed"]

_EXPECT = re.compile(r"(denied|allowed) by ([A-Za-z0-9]+)|(not denied|not allowed)")
_EFFECTS: dict[str, Effect] = {"denied": "Deny", "allowed": "Allow"}
_VERDICTS: dict[str, Verdict] = {verdict: verdict for verdict in get_args(Verdict)}
WANTED: dict[str, Wanted] = {"must-deny": "denied", "must-allow": "allowed"}
_GROUPS: dict[str, Group] = {group: group for group in GROUPS}
_ELEMENTS = ("Action", "NotAction", "Resource", "NotResource", "Condition")
_CALLERS = {"scp": "members", "rcp": "anyone", "endpoint": "anyone", "resource": "anyone", "role": "account"}


@dataclass(frozen=True)
class Expectation:
    """The answer that a case expects, and the statement that gives it where one does."""

    verdict: Verdict
    sid: str = ""

    @property
    def stops(self) -> bool:
        """Return True if the request must not get through."""
        return self.verdict in ("denied", "not allowed")

    def __str__(self) -> str:
        return f"{self.verdict} by {self.sid}" if self.sid else self.verdict


@dataclass(frozen=True)
class Case:
    """One request, and the answer that the document must give to it."""

    name: str
    call: ShortCall
    expect: Expectation


@dataclass(frozen=True)
class Promise:
    """An answer that every request of a statement must get; the `statement` is as written, placeholders unfilled.

    With `whatever_else` it holds even if the caller's other policies allow everything.
    """

    name: str
    wanted: Wanted
    callers: tuple[str, ...]
    statement: Mapping[str, Any]
    whatever_else: bool = False


@dataclass(frozen=True)
class Contract:
    """One document with its claim, the exceptions to it, the controls it supports, its promises and its cases."""

    policy: PolicyDocument
    claim: str
    exceptions: tuple[str, ...]
    controls: tuple[Control, ...]
    cases: tuple[Case, ...]
    promises: tuple[Promise, ...] = ()


def load(policy: PolicyDocument) -> Contract:
    """Read the contract beside a document; PolicyError names file, key and what is accepted."""
    path = policy.path.with_suffix(".toml")
    if not path.exists():
        raise PolicyError(f"{path}: missing; every document has its contract beside it")
    place = f"{policy.kind}/{policy.name}.toml"
    table = Table(place, read_toml(path))
    contract = Contract(
        policy=policy,
        claim=table.text("claim"),
        exceptions=table.texts("exceptions"),
        controls=controls(table),
        cases=tuple(
            _case(Table(f"{place}: case {number}", entry), policy)
            for number, entry in enumerate(table.tables("case"), start=1)
        ),
        promises=promises(table, _CALLERS[policy.kind]),
    )
    table.close()
    refuse_repetition(place, [case.name for case in contract.cases])
    return contract


def load_all(root: Path = POLICIES) -> tuple[Contract, ...]:
    """Read the contract of every document, in the documents' order."""
    return tuple(load(policy) for policy in documents.load_all(root))


def promises(table: Table, callers: str) -> tuple[Promise, ...]:
    """Read the promises of a table, which may have none; `callers` are those of a promise that names none."""
    listed = tuple(
        promise(Table(f"{table.place}: {section} {number}", entry), wanted, callers)
        for section, wanted in WANTED.items()
        for number, entry in enumerate(table.tables(section, optional=True), start=1)
    )
    refuse_repetition(table.place, [promise.name for promise in listed])
    return listed


def promise(table: Table, wanted: Wanted, callers: str) -> Promise:
    """Read the one promise of a table, and refuse any further key of it."""
    name = table.text("name")
    named = table.take("callers", "a text or a list of texts", is_text_or_texts, callers)
    statement = table.present(*_ELEMENTS)
    whatever_else = table.flag("whatever-else")
    table.close()
    if not statement.keys() & {"Action", "NotAction"}:
        raise PolicyError(f"{table.place} ({name}): a promise has an Action or a NotAction, as a statement has")
    return Promise(name, wanted, tuple([named] if isinstance(named, str) else named), statement, whatever_else)


def scope_of(place: str, promise: Promise, shorthand: Shorthand, values: Values) -> Scope:
    """Return the requests that a promise is about; its placeholders stand for `values`."""
    return Scope(_statement(place, promise, values), _callers(promise, shorthand), shorthand.estate)


def _statement(place: str, promise: Promise, values: Values) -> Statement:
    """Return the statement of a promise; with Resource and NotResource, the former but for the latter."""
    place = f"{place}: {promise.name}"
    filled = placeholders.fill({"Effect": "Deny", **promise.statement}, values, place)
    excluded = filled.pop("NotResource", None) if "Resource" in filled else None
    statement = _parsed(place, {"Resource": "*", **filled} if "NotResource" not in filled else filled)
    if excluded is None:
        return statement
    others = _parsed(place, {**filled, "Resource": excluded}).resource.values
    return replace(statement, resource=replace(statement.resource, excluded=others))


def _parsed(place: str, element: Mapping[str, Any]) -> Statement:
    return policy(place, {"Version": "2012-10-17", "Statement": [element]}).statements[0]


def _callers(promise: Promise, shorthand: Shorthand) -> Group | tuple[str, ...]:
    if len(promise.callers) == 1 and promise.callers[0] in _GROUPS:
        return _GROUPS[promise.callers[0]]
    return tuple(arn for short in promise.callers for arn in shorthand.principals(short))


def _case(table: Table, policy: PolicyDocument) -> Case:
    name = table.text("name")
    request = Table(f"{table.place} ({name}): request", table.table("request"))
    expect = _expectation(table, policy)
    table.close()
    call = ShortCall(
        action=request.text("action"),
        resource=request.text("resource"),
        principal=request.text("principal"),
        region=request.text("region", default=""),
        owner=request.text("owner", default=""),
        context=_context(request),
    )
    request.close()
    return Case(name, call, expect)


def _context(request: Table) -> dict[str, str | tuple[str, ...]]:
    keys = Table(f"{request.place}: context", request.table("context", default={}))

    def test(value: object) -> bool:
        return is_text(value) or (isinstance(value, list) and all(map(is_text, value)))

    taken = {key: keys.take(key, "a text or a list of texts", test) for key in tuple(keys.data)}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in taken.items()}


def _expectation(table: Table, policy: PolicyDocument) -> Expectation:
    accepted = "'denied by SID', 'allowed by SID', 'not denied' or 'not allowed'"
    text = str(table.take("expect", accepted, lambda value: is_text(value) and bool(_EXPECT.fullmatch(value))))
    verdict, _, sid = text.partition(" by ")
    if sid and (sid, _EFFECTS[verdict]) not in _statements(policy):
        raise PolicyError(f"{table.place}: expect: no {_EFFECTS[verdict]} statement {sid!r} in {policy.place}")
    return Expectation(_VERDICTS[verdict], sid)


def _statements(policy: PolicyDocument) -> frozenset[tuple[str, str]]:
    return frozenset((s.get("Sid", ""), s.get("Effect", "")) for s in policy.document.get("Statement", []))
