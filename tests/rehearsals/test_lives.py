"""An estate that is destroyed and deployed again beside what was retained: twice, by those whom the pages name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from stream_lambda.items import User
from tableguard.errors import DeployError
from tableguard.local import estate, landing_zone, server
from tableguard.local.landing_zone import LandingZone
from tableguard.local.stacks import api
from tableguard.prove.preflight.assignment import Assignment, assign
from tableguard.prove.preflight.organization import guardrails
from tableguard.settings import ExistingVpc, Settings, example
from tableguard.stacks.deployment import prerequisites
from tableguard.stacks.deployment.deploy import deploy, plan
from tableguard.stacks.deployment.stack_deployer import Deployment
from tableguard.stacks.destruction import destroy
from tableguard.stacks.destruction import plan as deletions
from tableguard.stacks.registry import Principal, enabled_stacks
from tableguard.store.messages import MessageTable
from tests.worlds.estate import BY_SCP, refusal
from tests.worlds.rehearsals import ReusedClients

pytestmark = pytest.mark.slow
ADA, BOB = (User(f"lives-{name}", name.title(), name) for name in ("ada", "bob"))
IMPORTED = {"access": 6, "audit": 10, "network": 1, "table": 6, "stream": 6, "config": 6, "oversight": 10}
WITH_EXISTING_VPC = {"network": 0, "table": 8}  # no flow logs of ours; the key of encryption, and its alias


@dataclass
class Lives:
    """A landing zone in which an estate is deployed and destroyed, again and again."""

    settings: Settings
    zone: LandingZone

    def sessions(self) -> Callable[[Principal], Any]:
        """Return sessions that are taken anew: those of a former life are of roles that are gone."""
        return cache(lambda principal: ReusedClients(self.zone.session(principal)))

    def assigned(self) -> tuple[Assignment, ...]:
        """Return who must deploy what, as the command finds it out before the first change."""
        session = self.sessions()
        planned, obstacles = prerequisites.adopting(
            self.settings, session, plan(self.settings, session, estate.POLLING, enabled_stacks(self.settings))
        )
        assert obstacles == ()
        callers: dict[Principal, str] = {
            "administrator": f"arn:aws:iam::{self.settings.account_id}:role/OrganizationAccountAccessRole"
        }
        return assign(self.settings, planned, callers, guardrails(self.settings, session("management")))

    def deploy(self, assigned: tuple[Assignment, ...]) -> dict[str, Deployment]:
        """Deploy every stack by those who must, and check that all of it is as declared."""
        by = {one.planned.stack.name: one.principal for one in assigned}
        done = deploy(self.settings, self.sessions(), estate.POLLING, estate.APPROVING, by=by)
        deployments = {one.stack: one for one in done}
        assert estate._verify(self.zone.clients).different == ()
        return deployments

    def destroy(self) -> dict[str, deletions.PlannedDeletion]:
        """Destroy every stack, and return what went and what stayed."""
        session = self.sessions()
        planned = deletions.plan(self.settings, session, enabled_stacks(self.settings))
        return {one.stack.name: one for one in destroy.destroy(self.settings, session, estate.POLLING, planned)}

    def messages(self) -> MessageTable:
        """Return the table as the application uses it from the VPC of this life."""
        application = self.zone.in_network(self.zone.assume(self.settings.role_arn("application")))
        return MessageTable(application.client("dynamodb"), self.settings.table_name, clock=lambda: datetime.now(UTC))

    def key(self) -> str:
        """Return the id of the table's key."""
        kms = self.zone.clients("kms", self.settings.account_id, self.settings.home_region)
        name = f"alias/{self.settings.name}-table"
        return next(str(one["TargetKeyId"]) for one in kms.list_aliases()["Aliases"] if one["AliasName"] == name)

    def check_protection(self) -> None:
        """Check that an administrator neither reads nor deletes the table, nor touches its key."""
        administrator, table = self.zone.session("administrator"), {"TableName": self.settings.table_name}
        dynamodb, kms = administrator.client("dynamodb"), administrator.client("kms")
        item = {"pk": {"S": "MSG#g"}, "sk": {"S": "2024"}}
        for call, parameters in (
            (dynamodb.delete_table, table),
            (dynamodb.get_item, {**table, "Key": item}),
            (kms.disable_key, {"KeyId": self.key()}),
            (kms.schedule_key_deletion, {"KeyId": self.key()}),
            (kms.delete_alias, {"AliasName": f"alias/{self.settings.name}-table"}),
        ):
            assert BY_SCP in refusal(call, **parameters)[1]


ESTATES = [("default", "production"), ("default", "development"), ("existing-vpc", "staging")]


@pytest.fixture(scope="module", params=ESTATES)
def lives(request: pytest.FixtureRequest) -> Iterator[Lives]:
    """An example's estate after its first deployment; each test leaves another life of it deployed."""
    name, environment = request.param
    settings = replace(example(name), environment=environment)
    with server.start() as running:
        first = Lives(settings, landing_zone.prepare(settings, running.endpoint))
        assert {one.outcome for one in first.deploy(first.assigned()).values()} == {"created"}
        yield first


def _identities() -> dict[tuple[str, str], tuple[str, dict[str, Any]]]:
    """Return the id and the attributes of every deployed resource, but for how often a policy is attached."""
    return {
        (one.stack, one.logical_id): (one.handle.physical_id, {**one.handle.attributes, "AttachmentCount": 0})
        for one in api.deployed()
    }


def _imported(deployments: dict[str, Deployment]) -> set[tuple[str, str]]:
    return {
        (one.stack_name, change.logical_id)
        for one in deployments.values()
        for change in one.changes
        if change.action == "Import"
    }


def _check_only_break_glass_destroys(lives: Lives) -> None:
    before = {(one.stack, one.logical_id) for one in api.deployed()}
    wrong: list[Principal] = ["administrator", "deployer"]
    for who in wrong:
        session = lives.sessions()

        def instead(principal: Principal, who: Principal = who, session: Any = session) -> Any:
            return session(who if principal == "break-glass" else principal)

        with pytest.raises(DeployError, match=r"is not break-glass, and nobody else may delete .*nothing was deleted"):
            deletions.plan(lives.settings, instead, enabled_stacks(lives.settings))
    assert {(one.stack, one.logical_id) for one in api.deployed()} == before


def test_what_was_retained_is_adopted_by_the_next_life_with_its_messages_and_protections(lives: Lives) -> None:
    kept = lives.settings.environment != "development"
    imported = IMPORTED | (WITH_EXISTING_VPC if isinstance(lives.settings.network, ExistingVpc) else {})
    texts = ["first"]
    group = lives.messages().create_conversation(ADA, [BOB], texts[0]).message.group_uuid
    _check_only_break_glass_destroys(lives)
    for life in ("second", "third"):
        before = _identities()
        gone = lives.destroy()
        assert [bool(gone["guardrails"].retained), bool(gone["guardrails"].removal)] == [kept, kept]
        assert api.deployed() == []
        if kept:
            lives.check_protection()
        assigned = lives.assigned()
        principals = {one.planned.stack.name: (one.principal, one.summary) for one in assigned}
        assert principals["access"] == ("break-glass" if kept else "administrator", "new, adopts 6")
        assert principals["table"] == ("deployer", f"new, adopts {imported['table']}")
        deployments = lives.deploy(assigned)
        imports = {name: sum(change.action == "Import" for change in one.changes) for name, one in deployments.items()}
        assert imports == {**imported, "guardrails": len(gone["guardrails"].retained)}
        adopted = _imported(deployments)
        after = _identities()
        assert {name: after[name] for name in adopted} == {name: before[name] for name in adopted}
        lives.check_protection()
        lives.messages().post(group, BOB.user_uuid, life)
        texts.insert(0, life)
        assert [one.text for one in lives.messages().messages(group, ADA.user_uuid).items] == texts


@pytest.mark.parametrize("lives", ESTATES[:1], indirect=True)
def test_what_is_adopted_and_differs_from_its_template_is_named_before_anything_goes_on(lives: Lives) -> None:
    lives.destroy()
    logs = lives.zone.clients("logs", lives.settings.account_id, lives.settings.home_region)
    group = f"/{lives.settings.name}/flow"
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    with pytest.raises(
        DeployError,
        match=r"cruddur-network: adopted, and not as the template says: FlowLogGroup \(AWS::Logs::LogGroup\): "
        "RetentionInDays is 1, and the template says 400. Nothing of it was changed: mend it, or deploy again",
    ):
        lives.deploy(lives.assigned())
    assert [one.logical_id for one in api.deployed() if one.stack == "cruddur-network"] == ["FlowLogGroup"]
    logs.put_retention_policy(logGroupName=group, retentionInDays=400)
    again = lives.deploy(lives.assigned())
    outcomes = {name: one.outcome for name, one in again.items()}
    assert outcomes == {
        **dict.fromkeys(("access", "audit"), "unchanged"),
        "network": "updated",
        **dict.fromkeys(("table", "stream", "config", "oversight", "guardrails"), "adopted"),
    }
