"""The public catalogues of privilege escalation, each way in a small account, beside its twin that is mended.

The end of each way is a call that nobody in the account may make but whom the way leads over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy
from tableguard.prove.engine.callers import OTHER_ACCOUNT
from tableguard.prove.reach.account import Account, PolicyHolder, Thing
from tableguard.prove.reach.goals import Goal, GoalCall, Sequence, reached
from tableguard.prove.reach.kinds import StepKind, table
from tableguard.reading.toml_table import Table, is_text, read_toml
from tableguard.settings import example
from tests.worlds.accounts import ATTACKER, TARGET, account, allowing, arn, searched, trusting
from tests.worlds.policies import ACCOUNT

FILE = Path(__file__).parents[3] / "cases" / "escalations.toml"
END = "account:CloseAccount"
SHORTHAND = Shorthand(example())
# resources whose own policy the way opens: kind -> ARN, and the call that nobody's own policy allows
OPENED = {
    "table": (f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/messages", "dynamodb:Scan"),
    "key": (f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234", "kms:Decrypt"),
    "bucket": ("arn:aws:s3:::files", "s3:ListBucket"),
    "queue": (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:letters", "sqs:ReceiveMessage"),
    "topic": (f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts", "sns:Publish"),
    "called-function": (f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:worker", "lambda:InvokeFunction"),
    "secret": (f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:password", "secretsmanager:GetSecretValue"),
}
STRONG = allowing({"Action": END}, name="strong")
WEAK = allowing({"Action": "s3:ListAllMyBuckets"}, name="weak", managed=arn("policy/weak"))
DENIED = allowing({"Action": END}, {"Effect": "Deny", "Action": END}, name="denied")
OF_USERS = {"ArnLike": {"aws:PrincipalArn": arn("user/*")}}
DENIED_BY_NAME = allowing({"Action": END}, {"Effect": "Deny", "Action": END, "Condition": OF_USERS}, name="by-name")
BOUNDARY = allowing({"NotAction": END}, name="boundary")

NOBODY = arn("role/nobody")
ALONE = ("denied-self", "denied-by-name", "bound-self", "bound-by-managed")


@dataclass(frozen=True)
class Escalation:
    """One way of the catalogues, as escalations.toml has it; `resource` narrows what the attacker's policy is about."""

    name: str
    sources: tuple[str, ...]
    allow: tuple[str, ...]
    also: tuple[str, ...]
    victim: str
    trusts: str
    steps: tuple[str, ...]
    mended: Mapping[str, str]
    resource: str = ""

    @property
    def twin(self) -> "Escalation":
        """The way with the one field that is mended."""
        changes: dict[str, Any] = dict(self.mended)
        return replace(self, **changes)


@cache
def escalations() -> tuple[Escalation, ...]:
    rows = Table(FILE.name, read_toml(FILE))
    read = tuple(
        _escalation(Table(f"{FILE.name}: {n}", row)) for n, row in enumerate(rows.tables("escalation"), start=1)
    )
    rows.close()
    return read


def _escalation(row: Table) -> Escalation:
    also = row.texts("also") if row.present("also") else ()
    mended = row.take("mended", "one field", lambda value: isinstance(value, dict) and len(value) == 1)
    assert all(map(is_text, mended.values()))
    texts = (row.text("id"), row.texts("sources"), row.texts("allow"), also, row.text("victim"), row.text("trusts", ""))
    way = Escalation(*texts, row.texts("steps"), mended, row.text("resource", ""))
    row.close()
    return way


def trust_of(way: Escalation) -> Policy | None:
    if not way.trusts:
        return None
    people = {"account": f"arn:aws:iam::{ACCOUNT}:root", "somebody": arn("user/mina")}
    if way.trusts in people:
        return trusting({"AWS": people[way.trusts]})
    if way.trusts == "cognito-identity.amazonaws.com":
        return trusting({"Federated": way.trusts}, "sts:AssumeRoleWithWebIdentity")
    return trusting({"Service": way.trusts})


def resource_of(way: Escalation) -> str:
    """The resource of the attacker's policy: all, or something that the victim is not."""
    if not way.resource:
        return "*"
    return arn(way.resource) if way.resource != "nothing" else f"arn:aws:iam::{OTHER_ACCOUNT}:role/nothing"


def small(way: Escalation) -> tuple[Account, str]:
    """The account of a way, and who begins."""
    own = allowing({"Action": list(way.allow), "Resource": resource_of(way)}, name="mallory")
    begins = arn("role/mallory") if way.victim == "own-role" else ATTACKER
    return account([begin(way, begins, own), *others(way)], things(way)), begins


def begin(way: Escalation, who: str, own: Policy) -> PolicyHolder:
    """The attacker, who carries what the way is about where that is his own."""
    staff = (arn("group/staff"),) if way.victim in ("own-group", "denied-group") else ()
    match way.victim:
        case "own-policy":
            return PolicyHolder(who, (replace(own, arn=arn("policy/mallory")),))
        case "denied-self":
            return PolicyHolder(who, (own, DENIED))
        case "denied-by-name":
            return PolicyHolder(who, (own, DENIED_BY_NAME))
        case "bound-self":
            return PolicyHolder(who, (own, STRONG), BOUNDARY)
        case "bound-by-managed":
            return PolicyHolder(who, (own, STRONG), replace(BOUNDARY, arn=arn("policy/boundary")))
        case _:
            return PolicyHolder(who, (own,), groups=staff)


def others(way: Escalation) -> list[PolicyHolder]:
    """The other principals and groups of a way's account."""
    trust = trust_of(way)
    with_factor = {"Action": END, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    holders = {
        "own-group": PolicyHolder(arn("group/staff")),
        "denied-group": PolicyHolder(arn("group/staff"), (DENIED,)),
        "group": PolicyHolder(arn("group/admins"), (STRONG,)),
        "user": PolicyHolder(arn("user/admin"), (STRONG,)),
        "weak-user": PolicyHolder(arn("user/weak"), (WEAK,)),
        "user-with-factor": PolicyHolder(arn("user/admin"), (allowing(with_factor),)),
        "weak-role": PolicyHolder(TARGET, (WEAK,), trust=trust),
        "denied-role": PolicyHolder(TARGET, (DENIED,), trust=trust),
        "bound-role": PolicyHolder(TARGET, (STRONG,), BOUNDARY, trust),
        "no-role": PolicyHolder(TARGET, exists=False),
        "no-user": PolicyHolder(arn("user/new"), exists=False),
    }
    alone = way.victim in OPENED or way.victim in ("inline-policy", "own-policy", "self", "own-role", *ALONE)
    holder = holders.get(way.victim, PolicyHolder(TARGET, (STRONG,), trust=trust))
    return [] if alone else [holder, PolicyHolder(NOBODY)]


def things(way: Escalation) -> list[Thing]:
    """The resources of a way's account."""
    if way.victim in OPENED:
        where, _ = OPENED[way.victim]
        is_key = way.victim == "key"
        own = trusting({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*") if is_key else None
        return [Thing(where, way.victim.removeprefix("called-"), own, must_allow=is_key)]
    kind = way.victim.removesuffix("-without-role")
    runs_as = TARGET if kind == way.victim else NOBODY
    return [Thing(f"arn:aws:any:eu-west-1:{ACCOUNT}:{kind}/one", kind, runs_as=(runs_as,))]


def end_of(way: Escalation) -> Goal:
    where, action = OPENED.get(way.victim, (f"arn:aws:account::{ACCOUNT}:account", END))
    on = way.victim.removeprefix("called-") if way.victim in OPENED else ""
    return Goal("end", "ends", calls=(GoalCall((action,), (where,), {}, on),))


def sequence(way: Escalation, kinds: tuple[StepKind, ...] | None = None) -> Sequence | None:
    """The shortest sequence to the end of a way; None if it is not reached."""
    world, begins = small(way)
    return reached(end_of(way), searched(world, [begins], kinds), SHORTHAND)


def steps(way: Escalation, kinds: tuple[StepKind, ...] | None = None) -> tuple[str, ...] | None:
    way_there = sequence(way, kinds)
    return None if way_there is None else tuple(sorted(step.kind.name for step in way_there.steps))


@pytest.mark.parametrize("way", escalations(), ids=lambda way: way.name)
def test_a_way_of_the_catalogues_is_found_and_its_mended_twin_is_not(way: Escalation) -> None:
    assert steps(way) == way.steps
    assert steps(way.twin) is None, way.mended


@pytest.mark.parametrize("way", escalations(), ids=lambda way: way.name)
def test_every_permission_of_a_way_is_needed(way: Escalation) -> None:
    for action in way.allow:
        rest = tuple(other for other in way.allow if other != action) or ("sts:GetCallerIdentity",)
        assert steps(replace(way, allow=rest)) is None, action


def test_without_any_one_step_of_the_table_some_way_is_not_found() -> None:
    """Each row of the model is a mutant if it is left out."""
    unnoticed = {
        kind.name
        for kind in table()
        if all(
            steps(way, tuple(other for other in table() if other != kind)) == way.steps
            for way in escalations()
            if kind.name in way.steps
        )
    }
    assert unnoticed == set()


def test_every_step_is_in_some_way_and_every_source_is_named() -> None:
    assert {name for way in escalations() for name in way.steps} == {kind.name for kind in table()}
    assert all(way.sources for way in escalations())
    assert len({way.name for way in escalations()}) == len(escalations())
