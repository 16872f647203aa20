"""What a policy document promises: the TOML beside its JSON, and the requests that its cases are about.

A case's request is written short, and resolved from the settings:

- `principal`: `role/NAME`, `user/NAME` and `root` are the workload account's; `deployer` and `break-glass` are each of
  the roles that the settings exempt; a service name, a whole ARN and `*` (anonymous) stand for themselves.
- `resource`: the last part of an ARN, completed with the action's service, the region and the workload account; a
  whole ARN and `*` stand for themselves.
- `owner`: the account that the resource is in, where its ARN does not tell (buckets); the workload's unless given.
- `region`: the home region unless given; `elsewhere` is a region that the settings do not allow.
- `context`: further context keys. Present without being written: aws:RequestedRegion, aws:SecureTransport and, for
  principals of the workload and the management account, aws:PrincipalOrgID.
- `<placeholders>` as in the documents; `<region>` is the request's own.

A promise, `[[must-deny]]` or `[[must-allow]]`, speaks of every request at once: those that its statement, written in
the policy language, covers. `callers` are `members` (of the organization's member accounts), `account` (roles and users
of the workload account), `anyone`, or principals written as in cases; unless given, those whom the kind of document
binds. With `whatever-else = true` it holds even if the caller's other policies allow everything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from tableguard.errors import PolicyError
from tableguard.paths import POLICIES
from tableguard.policy import documents
from tableguard.policy.documents import PolicyDocument
from tableguard.policy.evaluate import Request
from tableguard.policy.principals import Principal, principal
from tableguard.reading import placeholders
from tableguard.reading.toml_table import Table, is_text, is_text_or_texts, read_toml, refuse_repetition
from tableguard.settings import Settings

Verdict = Literal["denied", "not denied", "allowed", "not allowed"]
Effect = Literal["Allow", "Deny"]
Wanted = Literal["denied", "allowed"]

# id of a control: framework, colon, the framework's own number
FRAMEWORKS = ("cis-aws-3.0", "fsbp", "gdpr", "hipaa", "iso-27001-2022", "nist-800-53r5", "pci-dss-4.0", "soc2")

_CONTROL = re.compile(rf"({'|'.join(map(re.escape, FRAMEWORKS))}):[A-Za-z0-9][A-Za-z0-9.()-]*")
_EXPECT = re.compile(r"(denied|allowed) by ([A-Za-z0-9]+)|(not denied|not allowed)")
_EFFECTS: dict[str, Effect] = {"denied": "Deny", "allowed": "Allow"}
_VERDICTS: dict[str, Verdict] = {verdict: verdict for verdict in get_args(Verdict)}
WANTED: dict[str, Wanted] = {"must-deny": "denied", "must-allow": "allowed"}
_ELEMENTS = ("Action", "NotAction", "Resource", "NotResource", "Condition")
_CALLERS = {"scp": "members", "rcp": "anyone", "endpoint": "anyone", "resource": "anyone", "role": "account"}
_REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2", "sa-east-1")
_WITHOUT_REGION = frozenset(("account", "iam", "organizations", "s3"))
_WITHOUT_ACCOUNT = frozenset(("s3",))


@dataclass(frozen=True)
class Expectation:
    """What a document must answer to a request, and by which statement if it speaks."""

    verdict: Verdict
    sid: str = ""

    @property
    def stops(self) -> bool:
        """Whether the request must not get through."""
        return self.verdict in ("denied", "not allowed")

    def __str__(self) -> str:
        return f"{self.verdict} by {self.sid}" if self.sid else self.verdict


@dataclass(frozen=True)
class Call:
    """A request as a case writes it."""

    action: str
    resource: str
    principal: str
    region: str
    owner: str
    context: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Case:
    """One request in words, and what the document must answer to it."""

    name: str
    call: Call
    expect: Expectation


@dataclass(frozen=True)
class Promise:
    """What every request that a statement covers must get; `statement` as written, placeholders unfilled.

    `whatever_else`: even if the caller's other policies allow everything.
    """

    name: str
    wanted: Wanted
    callers: tuple[str, ...]
    statement: Mapping[str, Any]
    whatever_else: bool = False


@dataclass(frozen=True)
class Claim:
    """One document's promise in one sentence, its exceptions, the controls it serves, its promises and its cases."""

    policy: PolicyDocument
    text: str
    exceptions: tuple[str, ...]
    controls: tuple[str, ...]
    cases: tuple[Case, ...]
    promises: tuple[Promise, ...] = ()


def load(policy: PolicyDocument) -> Claim:
    """The claim beside a document; PolicyError names file, key and what is accepted."""
    path = policy.path.with_suffix(".toml")
    if not path.exists():
        raise PolicyError(f"{path}: missing; every document has its claim beside it")
    place = f"{policy.kind}/{policy.name}.toml"
    table = Table(place, read_toml(path))
    cases = [
        _case(Table(f"{place}: case {number}", found), policy)
        for number, found in enumerate(table.tables("case"), start=1)
    ]
    claim = Claim(
        policy=policy,
        text=table.text("claim"),
        exceptions=table.texts("exceptions"),
        controls=table.texts("controls", _CONTROL, f"FRAMEWORK:ID with a framework of {', '.join(FRAMEWORKS)}"),
        cases=tuple(cases),
        promises=promises(table, _CALLERS[policy.kind]),
    )
    table.close()
    refuse_repetition(place, [case.name for case in cases])
    return claim


def load_all(root: Path = POLICIES) -> tuple[Claim, ...]:
    """The claim of every document, in the documents' order."""
    return tuple(load(policy) for policy in documents.load_all(root))


def promises(table: "Table", callers: str) -> tuple[Promise, ...]:
    """The promises in a table, which are not demanded of it; `callers` are those of a promise that names none."""
    found = [
        promise(Table(f"{table.place}: {section} {number}", entry), wanted, callers)
        for section, wanted in WANTED.items()
        for number, entry in enumerate(table.tables(section, optional=True), start=1)
    ]
    refuse_repetition(table.place, [each.name for each in found])
    return tuple(found)


def promise(table: "Table", wanted: Wanted, callers: str) -> Promise:
    """One promise of a table, all of whose keys are then read."""
    name = table.text("name")
    named = table.take("callers", "a text or a list of texts", is_text_or_texts, callers)
    statement = table.present(*_ELEMENTS)
    whatever_else = table.flag("whatever-else")
    table.close()
    if not statement.keys() & {"Action", "NotAction"}:
        raise PolicyError(f"{table.place} ({name}): a promise has an Action or a NotAction, as a statement has")
    return Promise(name, wanted, tuple([named] if isinstance(named, str) else named), statement, whatever_else)


def principals(short: str, settings: Settings) -> tuple[str, ...]:
    """The ARNs that a principal as cases write it stands for."""
    values = settings.policy_values()
    return tuple(placeholders.fill_text(arn, values, f"principal {short!r}") for arn in _principals(short, settings))


def requests(claim: Claim, case: Case, settings: Settings) -> tuple[Request, ...]:
    """A case's request with these settings; several where it speaks of each exempt role."""
    place = f"{claim.policy.place}: case {case.name!r}"
    return tuple(request(case.call, arn, settings, place) for arn in _principals(case.call.principal, settings))


def request(call: Call, arn: str, settings: Settings, place: str) -> Request:
    """A call as cases write it, made by a principal, with what is present without being written."""
    region = _elsewhere(place, settings) if call.region == "elsewhere" else call.region or settings.home_region
    values = {**settings.policy_values(), "region": region}

    def filled(text: str) -> str:
        return placeholders.fill_text(text, values, place)

    caller = principal(filled(arn))
    resource = filled(_resource(call))
    context = {
        "aws:RequestedRegion": filled(region),
        "aws:SecureTransport": "true",
        **_organization(caller, settings),
        **{key: filled(v) if isinstance(v, str) else tuple(map(filled, v)) for key, v in call.context.items()},
    }
    return Request(
        caller, call.action, resource, filled(call.owner) or _account_of(resource) or settings.account_id, context
    )


def _organization(caller: Principal, settings: Settings) -> dict[str, str]:
    ours = caller.account in (settings.account_id, settings.management_account_id)
    return {"aws:PrincipalOrgID": settings.organization_id} if ours else {}


def _principals(short: str, settings: Settings) -> tuple[str, ...]:
    if short == "deployer":
        return settings.exempt_roles
    if short == "break-glass":
        return settings.break_glass_roles
    if short == "root" or short.startswith(("role/", "user/")):
        return (f"arn:aws:iam::<account-id>:{short}",)
    return (short,)


def _resource(call: Call) -> str:
    if call.resource == "*" or call.resource.startswith("arn:"):
        return call.resource
    service = call.action.partition(":")[0]
    region = "" if service in _WITHOUT_REGION else "<region>"
    account = "" if service in _WITHOUT_ACCOUNT else "<account-id>"
    return f"arn:aws:{service}:{region}:{account}:{call.resource}"


def _account_of(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""


def _elsewhere(place: str, settings: Settings) -> str:
    for region in _REGIONS:
        if region not in settings.allowed_regions:
            return region
    raise PolicyError(f"{place}: the settings allow all of {', '.join(_REGIONS)}; none is left to be 'elsewhere'")


def _case(table: Table, policy: PolicyDocument) -> Case:
    name = table.text("name")
    request = Table(f"{table.place} ({name}): request", table.table("request"))
    expect = _expectation(table, policy)
    table.close()
    call = Call(
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
    found = Table(f"{request.place}: context", request.table("context", default={}))

    def test(value: object) -> bool:
        return is_text(value) or (isinstance(value, list) and all(map(is_text, value)))

    taken = {key: found.take(key, "a text or a list of texts", test) for key in tuple(found.data)}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in taken.items()}


def _expectation(table: Table, policy: PolicyDocument) -> Expectation:
    accepted = "'denied by SID', 'allowed by SID', 'not denied' or 'not allowed'"
    text = str(table.take("expect", accepted, lambda found: is_text(found) and bool(_EXPECT.fullmatch(found))))
    verdict, _, sid = text.partition(" by ")
    if sid and (sid, _EFFECTS[verdict]) not in _statements(policy):
        raise PolicyError(f"{table.place}: expect: no {_EFFECTS[verdict]} statement {sid!r} in {policy.place}")
    return Expectation(_VERDICTS[verdict], sid)


def _statements(policy: PolicyDocument) -> frozenset[tuple[str, str]]:
    return frozenset((s.get("Sid", ""), s.get("Effect", "")) for s in policy.document.get("Statement", []))
