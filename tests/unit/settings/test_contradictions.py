"""Settings as a whole: values that contradict one another, the shipped examples, and the names that follow."""

from dataclasses import dataclass
from typing import Any

import pytest

from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.policy.matching import wildcard
from tableguard.settings import ExistingVpc, NewVpc, OnDemand, Provisioned, Settings, example, load
from tests.cases.settings_keys import ROLE
from tests.worlds.settings_files import ABSENT, EXAMPLES, Data, changed, data, read, refusal, with_own_roles


@dataclass(frozen=True)
class Contradiction:
    """A change that each key alone admits; `resolved` changes one more thing, and all is well."""

    changes: dict[str, Any]
    resolved: dict[str, Any]
    says: str
    example: str = "default"

    def __str__(self) -> str:
        return self.says


OWN_ROLES = {"exempt": "cruddur-deployer", "break_glass": "cruddur-break-glass"}
VPN = {"link": "vpn", "blocks": ["10.200.0.0/16"], "device_address": "203.0.113.12", "asn": 65010}
ARCHIVE = {"account_id": "444455556666"}
ARCHIVED = {**ARCHIVE, "bucket": "evidence", "key_arn": "arn:aws:kms:eu-central-1:444455556666:key/1234"}
CONTRADICTIONS = (
    Contradiction(
        {"stacks.optional": ["archive"]},
        {"log_archive": ARCHIVE},
        "stacks.optional: 'archive' is among them, and there is no [log_archive]",
    ),
    Contradiction(
        {"log_archive": ARCHIVE},
        {"stacks.optional": ["archive"]},
        "stacks.optional: 'archive', which makes the bucket, is not among them, and [log_archive] names none",
    ),
    Contradiction(
        {"log_archive": ARCHIVED, "stacks.optional": ["archive"]},
        {"stacks.optional": []},
        "stacks.optional: the stack 'archive' makes a bucket, and log_archive.bucket names 'evidence'",
    ),
    *(
        Contradiction(
            {"log_archive": {**ARCHIVED, "account_id": account}},
            {"log_archive": ARCHIVED},
            f"log_archive.account_id: '{account}' is {whose}",
        )
        for account, whose in (("111122223333", "the workload's own"), ("123456789012", "the management account"))
    ),
    Contradiction(
        {"log_archive": {**ARCHIVED, "key_arn": ARCHIVED["key_arn"].replace("arn:aws:", "arn:aws-cn:")}},
        {"log_archive": ARCHIVED},
        "log_archive.key_arn: 'arn:aws-cn:kms:eu-central-1:444455556666:key/1234' is of another partition",
    ),
    Contradiction(
        {"log_archive": ARCHIVED, "organization.targets": ["111122223333"]},
        {"organization.targets": ["111122223333", "444455556666"]},
        "organization.targets: '444455556666', the log archive, is not among them",
    ),
    Contradiction(
        {"log_archive": ARCHIVED, "organization.targets": ["111122223333"]},
        {"stacks.optional": ["oversight"]},
        "organization.targets: '444455556666', the log archive, is not among them",
    ),
    Contradiction(
        {"onprem": {**VPN, "blocks": ["10.200.0.0/16", "10.16.0.0/12"]}},
        {"network.cidr": "10.32.0.0/16"},
        "onprem.blocks: '10.16.0.0/12' overlaps network.cidr, '10.20.0.0/16'",
    ),
    Contradiction(
        {"onprem": {**VPN, "asn": 64512}},
        {"onprem": {**VPN, "asn": 64513}},
        "onprem.asn: 64512 is the number of the VPN's other side",
    ),
    Contradiction(
        {"workload.allowed_regions": ["eu-west-1"]},
        {"workload.allowed_regions": ["eu-west-1", "eu-central-1"]},
        "workload.allowed_regions: ['eu-west-1'] does not contain the home region 'eu-central-1'",
    ),
    Contradiction(
        {"workload.allowed_regions": ["eu-central-1", "us-gov-west-1"]},
        {"workload.allowed_regions": ["eu-central-1", "us-west-1"]},
        "workload.allowed_regions: 'us-gov-west-1' is of the partition aws-us-gov, and the home region of aws",
    ),
    Contradiction(
        {"roles.exempt": [f"{ROLE}cruddur-deployer", f"{ROLE}ci".replace("arn:aws:", "arn:aws-cn:")]},
        {"roles.exempt": [f"{ROLE}cruddur-deployer", f"{ROLE}ci"]},
        "roles.exempt: 'arn:aws-cn:iam::111122223333:role/ci' is of another partition than the home region",
    ),
    Contradiction(
        {"roles.takers.auditor": [f"{ROLE}ci".replace("arn:aws:", "arn:aws-us-gov:")]},
        {"roles.takers.auditor": [f"{ROLE}ci"]},
        "roles.takers.auditor: 'arn:aws-us-gov:iam::111122223333:role/ci' is of another partition",
    ),
    Contradiction(
        {"organization.management_account_id": "111122223333"},
        {
            "workload.account_id": "444455556666",
            "roles.exempt": ["arn:aws:iam::444455556666:role/cruddur-deployer"],
            "roles.break_glass": ["arn:aws:iam::444455556666:role/cruddur-break-glass"],
        },
        "workload.account_id: '111122223333' is the management account, which no SCP binds",
    ),
    Contradiction(
        {"organization.targets": ["r-exam", "123456789012"]},
        {"organization.targets": ["r-exam", "111122223333"]},
        "organization.targets: '123456789012' is the management account, which no SCP binds",
    ),
    Contradiction(
        {"roles.exempt": [f"{ROLE}cruddur-deployer", f"{ROLE}cruddur-break-glass"]},
        {"roles.exempt": [f"{ROLE}cruddur-deployer", f"{ROLE}cruddur-break-glas"]},
        f"roles.exempt: '{ROLE}cruddur-break-glass' is a break-glass role too",
    ),
    Contradiction(
        {"roles.exempt": [f"{ROLE}path/cruddur-deployer"]},
        {"roles.exempt": [f"{ROLE}path/cruddur-deployer", f"{ROLE}cruddur-deployer"]},
        f"roles.exempt: '{ROLE}cruddur-deployer' is not among them; the access stack makes this role",
    ),
    Contradiction(
        {"roles.break_glass": [f"{ROLE}other"]},
        {"roles.break_glass": [f"{ROLE}other", f"{ROLE}cruddur-break-glass"]},
        f"roles.break_glass: '{ROLE}cruddur-break-glass' is not among them; the access stack makes this role",
    ),
    Contradiction(
        {"roles.takers.break_glass": [f"{ROLE}cruddur-operator"]},
        {"roles.takers.break_glass": [f"{ROLE}cruddus-operator"]},
        f"roles.takers.break_glass: '{ROLE}cruddur-operator' is a role of the workload",
    ),
    Contradiction(
        {
            "roles.exempt": [f"{ROLE}cruddur-deployer", f"{ROLE}pipeline"],
            "roles.takers.operator": [f"{ROLE}pipeline"],
        },
        {"roles.exempt": [f"{ROLE}cruddur-deployer", f"{ROLE}deploying"], "roles.takers.operator": [f"{ROLE}pipeline"]},
        f"roles.takers.operator: '{ROLE}pipeline' is a role of the workload",
    ),
    Contradiction(
        {"roles.takers.deployer": ["permission-set/MessagesDeployer", "permission-set/MessagesBreakGlass"]},
        {"roles.takers.deployer": ["permission-set/MessagesDeployer", "permission-set/MessagesBreakGlas"]},
        "roles.takers.deployer: 'permission-set/MessagesBreakGlass' takes break-glass too",
    ),
    Contradiction(
        {"login.user_pool_id": "eu-west-1_Example01"},
        {"workload.home_region": "eu-west-1", "workload.allowed_regions": ["eu-west-1"]},
        "login.user_pool_id: 'eu-west-1_Example01' is not in the home region 'eu-central-1'",
    ),
    Contradiction(
        {
            "workload.home_region": "cn-north-1",
            "workload.allowed_regions": ["cn-north-1"],
            "login.user_pool_id": "cn-north-1_Example01",
            **{f"roles.{key}": [f"{ROLE}{name}".replace("arn:aws:", "arn:aws-cn:")] for key, name in OWN_ROLES.items()},
        },
        {"login": ABSENT},
        "login: AWS has no Cognito user pools in cn-north-1; leave the section out",
    ),
    Contradiction(
        {"login": ABSENT, "stacks.optional": ["login"]},
        {"stacks.optional": []},
        "stacks.optional: 'login' makes a user pool, and there is no [login]",
    ),
    Contradiction(
        {"stacks.optional": ["login"]},
        {"login.user_pool_id": ABSENT, "login.client_id": ABSENT},
        "stacks.optional: the stack 'login' makes a user pool, and login.user_pool_id names 'eu-central-1_Example01'",
    ),
    Contradiction(
        {"login.user_pool_id": ABSENT, "login.client_id": ABSENT},
        {"stacks.optional": ["login"]},
        "stacks.optional: 'login', which makes a user pool, is not among them, and [login] names none",
    ),
    Contradiction(
        {"stacks.optional": ["guardrails", "cache"]},
        {"cache": {"node_type": "dax.r5.large", "nodes": 3}},
        "stacks.optional: 'cache' is among them, and there is no [cache] section",
    ),
    Contradiction(
        {"cache": {"node_type": "dax.r5.large", "nodes": 3}},
        {"stacks.optional": ["guardrails", "cache"]},
        "stacks.optional: 'cache' is not among them, and there is a [cache] section",
    ),
    Contradiction(
        {"cache.nodes": 2},
        {"workload.environment": "staging"},
        "cache.nodes: 2 in production; take 3 or more",
        "complete",
    ),
    Contradiction(
        {
            "workload.name": "a--b",
            "roles.exempt": [f"{ROLE}a--b-deployer"],
            "roles.break_glass": [f"{ROLE}a--b-break-glass"],
        },
        {
            "workload.name": "a-b",
            "roles.exempt": [f"{ROLE}a-b-deployer"],
            "roles.break_glass": [f"{ROLE}a-b-break-glass"],
        },
        "workload.name: 'a--b' has two hyphens together",
        "complete",
    ),
)


def with_changes(changes: dict[str, Any], example: str) -> Data:
    settings = data(example)
    for path, value in changes.items():
        settings = changed(settings, path, value)
    return settings


@pytest.mark.parametrize("case", CONTRADICTIONS, ids=str)
def test_values_that_contradict_one_another_are_refused(case: Contradiction) -> None:
    assert refusal(with_changes(case.changes, case.example)).startswith(f"settings.toml: {case.says}")


@pytest.mark.parametrize("case", CONTRADICTIONS, ids=str)
def test_the_same_values_without_the_contradiction_are_accepted(case: Contradiction) -> None:
    assert isinstance(read(with_changes({**case.changes, **case.resolved}, case.example)), Settings)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_shipped_examples_load(name: str) -> None:
    assert example(name) == load(EXAMPLE_SETTINGS / f"{name}.toml") == read(data(name))


def test_the_examples_show_every_shape() -> None:
    shapes = {(type(example(name).capacity), type(example(name).network)) for name in EXAMPLES}
    assert {shape for pair in shapes for shape in pair} == {OnDemand, Provisioned, NewVpc, ExistingVpc}


def test_optional_stacks_keep_the_order_of_deployment() -> None:
    settings = read(changed(data(), "stacks.optional", ["config", "oversight", "guardrails"]))
    assert settings.optional_stacks == ("guardrails", "oversight", "config")


def test_derived_names_begin_with_the_name() -> None:
    settings = read(with_own_roles(changed(data(), "workload.name", "chatter")))
    assert settings.function_name == "chatter-pattern-d"
    assert settings.trail_name == "chatter-trail"
    assert settings.stack_name("table") == "chatter-table"
    assert settings.export("TableArn") == "chatter-TableArn"
    assert settings.role_arn("auditor") == "arn:aws:iam::111122223333:role/chatter-auditor"


def test_break_glass_roles_are_exempt_too_and_exempt_roles_cannot_break_glass() -> None:
    settings = example()
    values = settings.policy_values()
    assert values["exempt-roles"] == settings.exempt_roles + settings.break_glass_roles
    assert values["break-glass-roles"] == settings.break_glass_roles


def test_a_permission_set_is_known_by_its_whole_name_in_every_region_of_identity_center() -> None:
    (pattern,) = read(data()).takers_of("break-glass")
    reserved = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com"
    end = "0123456789abcdef"

    def taken(arn: str) -> bool:
        return wildcard(pattern)(arn) is not None

    assert taken(f"{reserved}/eu-central-1/AWSReservedSSO_MessagesBreakGlass_{end}")
    assert taken(f"{reserved}/AWSReservedSSO_MessagesBreakGlass_{end}")
    assert not taken(f"{reserved}/eu-central-1/AWSReservedSSO_MessagesBreakGlass_Not_{end}")
    assert not taken(f"{reserved}/eu-central-1/AWSReservedSSO_NotMessagesBreakGlass_{end}")
    assert not taken(f"arn:aws:iam::111122223333:role/AWSReservedSSO_MessagesBreakGlass_{end}")
    assert not taken(f"{reserved.replace('1111', '2222')}/AWSReservedSSO_MessagesBreakGlass_{end}")


def test_placeholders_of_takers() -> None:
    values = read(data("existing-vpc")).policy_values()
    assert values["auditor-takers"] == ("arn:aws:iam::444455556666:role/SecurityAudit",)
    assert len(values["takers"]) == 7
    assert set(values["deployer-takers"]) < set(values["takers"])
    sets = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*"
    assert values["taker-roles"] == (sets, f"{ROLE}pipeline", "arn:aws:iam::444455556666:role/SecurityAudit")
    assert read(data()).policy_values()["taker-roles"] == (sets,)
    assert values["application-takers"][0].rpartition("/")[2] == f"AWSReservedSSO_ApplicationDebugging_{'?' * 16}"
    assert read(data()).policy_values()["application-takers"] == (f"{ROLE}cruddur-application",)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("stacks.optional", ["guardrails"], "stacks.optional: 'guardrails' is of an organization's management account"),
        ("stacks.optional", ["oversight"], "stacks.optional: 'oversight' is of an organization's management account"),
        (
            "roles.takers.auditor",
            ["permission-set/Auditor"],
            "roles.takers.auditor: 'permission-set/Auditor': IAM Identity Center has permission sets in an "
            "organization only",
        ),
    ],
)
def test_what_is_of_an_organization_is_refused_without_one(path: str, value: list[str], says: str) -> None:
    written = changed(data("single-account"), path, value)
    assert refusal(written).startswith(f"settings.toml: {says}")
    there = read({**written, "organization": data()["organization"]})
    assert (there.has_organization, read(data("single-account")).has_organization) == (True, False)
