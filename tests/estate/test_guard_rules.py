"""The Guard rules as they are deployed judge the running estate: a change breaks each of them, and undoing heals it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tableguard.compliance.evaluator import Inventory
from tableguard.compliance.judgement import Evaluation, judged
from tableguard.local.configuration import deployed, dynamodb, guard, inventory
from tableguard.local.configuration.reader import ResourceReader
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.landing_zone import LandingZone
from tests.engines.cfn_guard import needs_cfn_guard
from tests.worlds.estate import ACCOUNT, ON_THE_EMBEDDED_AWS, REGION, SETTINGS, Ids

pytestmark = [needs_cfn_guard, ON_THE_EMBEDDED_AWS]
NAME = SETTINGS.name
Client = Callable[[str], Any]


def rulings(client: Client) -> dict[str, set[str]]:
    """Return what each Guard rule says of all resources, by its name: all answers that it gives."""
    config = client("config")
    rules = [rule for rule in deployed.rules(config) if rule.owner == "CUSTOM_POLICY"]
    items = Inventory(tuple(inventory.items(client, ACCOUNT, REGION)), datetime.now(UTC))
    answers: dict[str, set[str]] = {rule.name.removeprefix(f"{NAME}-"): set() for rule in rules}
    for judgement in judged(rules, items, deployed.recording(config), {}, guard.ruling):
        assert isinstance(judgement, Evaluation), judgement
        answers[judgement.rule.name.removeprefix(f"{NAME}-")].add(judgement.ruling.compliance)
    return answers


def broken(answers: dict[str, set[str]]) -> set[str]:
    return {name for name, given in answers.items() if "NON_COMPLIANT" in given}


def test_every_guard_rule_finds_something_to_keep_and_nothing_broken(running: EmbeddedEstate) -> None:
    answers = rulings(running.roles["auditor"].client)
    assert set(answers) == {"table-stays", "table-streams", "endpoint-serves", "trail-is-whole", "tags-stay"}
    assert [name for name, given in answers.items() if "COMPLIANT" not in given] == []
    assert broken(answers) == set()


@contextmanager
def no_routes(client: Client, ids: Ids) -> Iterator[None]:
    ec2 = client("ec2")
    (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[ids.endpoint])["VpcEndpoints"]
    ec2.modify_vpc_endpoint(VpcEndpointId=ids.endpoint, RemoveRouteTableIds=endpoint["RouteTableIds"])
    yield
    ec2.modify_vpc_endpoint(VpcEndpointId=ids.endpoint, AddRouteTableIds=endpoint["RouteTableIds"])


@contextmanager
def no_digests(client: Client, _: Ids) -> Iterator[None]:
    client("cloudtrail").update_trail(Name=SETTINGS.trail_name, EnableLogFileValidation=False)
    yield
    client("cloudtrail").update_trail(Name=SETTINGS.trail_name, EnableLogFileValidation=True)


@contextmanager
def no_tag(client: Client, _: Ids) -> Iterator[None]:
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{SETTINGS.function_name}"
    client("lambda").untag_resource(Resource=function, TagKeys=["Application"])
    yield
    client("lambda").tag_resource(Resource=function, Tags={"Application": NAME})


def test_changes_break_their_rules_and_no_others_until_they_are_undone(
    running: EmbeddedEstate, zone: LandingZone, ids: Ids
) -> None:
    auditor = running.roles["auditor"].client
    with ExitStack() as changes:
        for change in (no_routes, no_digests, no_tag):
            changes.enter_context(change(lambda service: zone.clients(service, ACCOUNT, REGION), ids))
        assert broken(rulings(auditor)) == {"endpoint-serves", "trail-is-whole", "tags-stay"}
    assert broken(rulings(auditor)) == set()


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("table-streams", {"streamSpecification": {"streamEnabled": False}}),
        ("table-streams", {"streamSpecification": {"streamEnabled": True, "streamViewType": "OLD_IMAGE"}}),
        ("table-stays", {"replicas": [{"regionName": "us-east-1"}]}),
    ],
)
def test_the_tables_item_breaks_a_rule_by_one_value(running: EmbeddedEstate, rule: str, changed: Any) -> None:
    # no change of the running estate: its stream has a reader
    config = running.roles["auditor"].client("config")
    (text,) = [deployed_rule.text for deployed_rule in deployed.rules(config) if deployed_rule.name == f"{NAME}-{rule}"]
    reader = ResourceReader(running.roles["auditor"].client, ACCOUNT, REGION)
    (table,) = [item for item in dynamodb.items(reader) if item.resource_name == SETTINGS.table_name]
    assert guard.ruling(text, table).compliance == "COMPLIANT"
    other = replace(table, configuration={**table.configuration, **changed})
    assert guard.ruling(text, other).compliance == "NON_COMPLIANT"
