"""settings.toml: every key is asked for, every wrong value is refused in one line that says what is accepted."""

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tableguard.errors import SettingsError
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.settings import ExistingVpc, NewVpc, OnDemand, Provisioned, Settings, example, load, parse

Data = dict[str, Any]

EXAMPLES = tuple(sorted(path.stem for path in EXAMPLE_SETTINGS.glob("*.toml")))
ABSENT = object()


@cache
def data(name: str = "default") -> Data:
    """An example as TOML gives it; `changed` copies it."""
    return tomllib.loads((EXAMPLE_SETTINGS / f"{name}.toml").read_text(encoding="utf-8"))


def toml(value: Any) -> str:
    """A value as TOML writes it; JSON's forms but for tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def text(settings: Data) -> str:
    """A settings file that says all this."""
    return "\n".join(f"{toml(key)} = {toml(value)}" for key, value in settings.items())


def changed(settings: Data, path: str, value: Any) -> Data:
    """A copy with one value replaced, added or, if ABSENT, removed."""
    found = copy.deepcopy(settings)
    *sections, key = path.split(".")
    place = found
    for section in sections:
        place = place[section]
    if value is ABSENT:
        del place[key]
    else:
        place[key] = value
    return found


def with_own_roles(settings: Data) -> Data:
    """The same with the deployer and the break-glass role of this workload and account exempt, as they must be."""
    workload = settings["workload"]
    own = f"arn:aws:iam::{workload['account_id']}:role/{workload['name']}"
    roles = {"exempt": [f"{own}-deployer"], "break_glass": [f"{own}-break-glass"]}
    return {**settings, "roles": roles}


def read(settings: Data) -> Settings:
    return parse(text(settings), "settings.toml")


def refusal(settings: Data) -> str:
    """The line in which these settings are refused."""
    with pytest.raises(SettingsError) as refused:
        read(settings)
    line = str(refused.value)
    assert "\n" not in line
    return line


def leaves(settings: Data, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that is not a section, with its value."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@dataclass(frozen=True)
class Key:
    """A key with values that are accepted, and others, as near to those as can be, that are not."""

    path: str
    field: str
    accepted: tuple[Any, ...]
    refused: tuple[Any, ...]
    says: str
    example: str = "default"


ROLE = "arn:aws:iam::111122223333:role/"
NAMES = ("read_units", "write_units")
KEYS = (
    Key(
        "workload.name",
        "name",
        ("abc", "a-1", "a" + "b" * 19, "x9z"),
        ("", "ab", "a" + "b" * 20, "1abc", "-abc", "abc-", "Abc", "a_b", "a.b", "a b", "abc\n", "äbc"),
        "3 to 20 of a-z, 0-9",
    ),
    Key(
        "workload.environment",
        "environment",
        ("production", "staging", "development"),
        ("", "prod", "Production", "production "),
        "production, staging, development",
    ),
    Key(
        "workload.account_id",
        "account_id",
        ("444455556666", "000000000000"),
        ("", "44445555666", "4444555566667", "44445555666a", "4444-5555-6666", "٤٤٤٤٥٥٥٥٦٦٦٦"),
        "12-digit account id, in quotes",
    ),
    Key(
        "workload.home_region",
        "home_region",
        ("eu-central-1",),
        (
            "",
            "eu-central",
            "central-1",
            "eu-central-1a",
            "EU-CENTRAL-1",
            "cn-north-1",
            "us-gov-west-1",
            "eu-central-１",
        ),
        "a region of the aws partition",
    ),
    Key(
        "workload.allowed_regions",
        "allowed_regions",
        (["eu-central-1"], ["eu-west-1", "eu-central-1"], ["ap-southeast-2", "eu-central-1", "us-east-1"]),
        (
            [],
            [""],
            ["eu-central-1", "eu-central-1"],
            ["eu-central-1", "mars-1"],
            ["*"],
            ["eu-central-1", 1],
            [["eu-central-1"]],
        ),
        "a list, not empty and without repetition, of a region",
    ),
    Key(
        "table.name",
        "table_name",
        ("abc", "A_b-c.9", "x" * 255),
        ("", "ab", "x" * 256, "a b", "a/b", "tableß", "abc\n"),
        "3 to 255 of A-Z",
    ),
    Key(
        "organization.id",
        "organization_id",
        ("o-" + "a" * 10, "o-" + "9" * 32),
        ("", "o-" + "a" * 9, "o-" + "a" * 33, "o-EXAMPLEORGID", "r-exampleorgid", "exampleorgid"),
        "an organization id",
    ),
    Key(
        "organization.management_account_id",
        "management_account_id",
        ("444455556666",),
        ("", "1234", "1234567890123"),
        "12-digit account id, in quotes",
    ),
    Key(
        "organization.targets",
        "organization_targets",
        (["r-exam"], ["ou-exam-workload"], ["111122223333"], ["r-exam", "ou-exam-workload", "444455556666"]),
        ([], ["r-ex"], ["ou-exam"], ["ou-exam-short"], ["OU-exam-workload"], ["1111"], ["r-exam", "r-exam"]),
        "root ids",
    ),
    Key(
        "roles.exempt",
        "exempt_roles",
        (
            [f"{ROLE}cruddur-deployer"],
            [f"{ROLE}path/deployer", "arn:aws:iam::444455556666:role/a+b=c,d.e@f_g", f"{ROLE}cruddur-deployer"],
        ),
        (
            [],
            ["deployer"],
            [f"{ROLE}*"],
            [f"{ROLE}deploy?r"],
            [ROLE],
            ["arn:aws:iam::*:role/deployer"],
            ["arn:aws:iam::111122223333:user/deployer"],
            ["arn:aws:sts::111122223333:assumed-role/deployer/session"],
            ["arn:aws-cn:iam::111122223333:role/deployer"],
            [f"{ROLE}deployer "],
            [f"{ROLE}déployer"],
            [f"{ROLE}deployer"] * 2,
        ),
        "full role ARNs without wildcards",
    ),
    Key(
        "roles.break_glass",
        "break_glass_roles",
        ([f"{ROLE}cruddur-break-glass"], [f"{ROLE}cruddur-break-glass", f"{ROLE}hammer"]),
        ([], ["glass"], [f"{ROLE}*"], ["arn:aws:iam::*:role/glass"], [f"{ROLE}glass"] * 2),
        "full role ARNs without wildcards",
    ),
    Key(
        "login.user_pool_id",
        "user_pool_id",
        ("eu-central-1_a", "eu-central-1_Example01"),
        ("", "eu-central-1", "eu-central-1_", "eu-central-1_a-b", "Example01", "eu-central-1_" + "a" * 47),
        "a user pool id",
    ),
    Key(
        "login.client_id",
        "client_id",
        ("1example23456789", "a", "a" * 128),
        ("", "A", "a-b", "a" * 129),
        "an app client id",
    ),
    Key(
        "alerts.email",
        "alert_email",
        ("security@example.com", "a+b@c.example"),
        ("", "security", "security@example", "@example.com", "security@", "a b@example.com", "a@b@example.com"),
        "an e-mail address",
    ),
    Key("table.client_side_encryption", "client_side_encryption", (True, False), (0, 1, "true", []), "True, False"),
    Key("retention.log_days", "log_days", (365, 400, 731, 3653), (0, 90, 364, 366, 401, 3654, -400), "365, 400, 545"),
    Key(
        "retention.audit_days",
        "audit_days",
        (400, 36500),
        (0, -1, 399, 36501),
        "a whole number from 400 to 36500",
    ),
    Key("retention.backup_days", "backup_days", (7, 36500), (0, -1, 6, 36501), "a whole number from 7 to 36500"),
    Key(
        "buckets.access_logs",
        "access_log_bucket",
        ("abc", "a.b-c", "x" * 63),
        ("", "ab", "x" * 64, "-abc", "abc-", ".abc", "Abc", "a_b", "s3://abc", "a..b", "192.168.5.4"),
        "a bucket name",
    ),
    Key(
        "buckets.artifacts",
        "artifact_bucket",
        ("abc", "a.b-c", "192.168.5.x", "x" * 63),
        ("", "ab", "x" * 64, "-abc", "abc-", "Abc", "a/b"),
        "a bucket name",
    ),
    Key(
        "stacks.optional",
        "optional_stacks",
        ([], ["config"], ["guardrails", "config"]),
        (["audit"], ["config", "none"], ["Config"], [1], [["config"]]),
        "a list of any of guardrails, config",
    ),
)
CAPACITIES = (
    Key("table.max_read_units", "max_read_units", (1, 10_000_000), (0, -1, 10_000_001), "from 1 to 10000000"),
    Key("table.max_write_units", "max_write_units", (1, 10_000_000), (0, -1, 10_000_001), "from 1 to 10000000"),
    *(
        Key(
            f"table.provisioned.{name}",
            name,
            ([1, 1], [1, 40_000], [10, 500]),
            ([], [1], [1, 2, 3], [2, 1], [0, 1], [1, 40_001], [1, "2"], [1, 2.0], [True, 2]),
            "[lowest, highest], whole numbers from 1 to 40000",
            "existing-vpc",
        )
        for name in NAMES
    ),
    Key(
        "table.provisioned.target_percent",
        "target_percent",
        (20, 90),
        (0, 19, 91, 100),
        "a whole number from 20 to 90",
        "existing-vpc",
    ),
)
NETWORKS = (
    Key(
        "network.cidr",
        "cidr",
        ("10.20.0.0/16", "172.16.0.0/20", "172.31.255.0/24", "192.168.0.0/24"),
        (
            "",
            "10.20.0.0",
            "10.20.0.0/15",
            "10.20.0.0/25",
            "10.20.0.1/16",
            "10.20.0.0/255.255.0.0",
            "10.20.0.0/016",
            "11.0.0.0/16",
            "172.32.0.0/16",
            "192.169.0.0/16",
            "8.8.8.0/24",
            "127.0.0.0/16",
            "169.254.0.0/16",
            "0.0.0.0/16",
            "192.0.2.0/24",
            "224.0.0.0/16",
            "fd00::/16",
            "any",
        ),
        "a private IPv4 block from /16 to /24",
    ),
    Key("network.zones", "zones", (2, 3), (0, 1, 4, -2), "2, 3"),
    Key(
        "network.vpc_id",
        "vpc_id",
        ("vpc-0a1b2c3d", "vpc-0a1b2c3d4e5f60718"),
        ("", "vpc-", "vpc-0a1b2c3", "vpc-xyz", "subnet-0a1b2c3d", "vpc-0A1B2C3D"),
        "a VPC id",
        "existing-vpc",
    ),
    Key(
        "network.subnet_ids",
        "subnet_ids",
        (["subnet-0a1b2c3d", "subnet-1a1b2c3d"], [f"subnet-{number}a1b2c3d" for number in range(3)]),
        ([], ["subnet-0a1b2c3d"], ["subnet-0a1b2c3d"] * 2, ["subnet-0a1b2c3d", "vpc-0a1b2c3d"]),
        "subnet",
        "existing-vpc",
    ),
    Key(
        "network.route_table_ids",
        "route_table_ids",
        (["rtb-0a1b2c3d"], ["rtb-0a1b2c3d", "rtb-1a1b2c3d"]),
        ([], ["rtb-"], ["rtb-0a1b2c3d"] * 2, ["subnet-0a1b2c3d"]),
        "route table ids",
        "existing-vpc",
    ),
)
ALL_KEYS = (*KEYS, *CAPACITIES, *NETWORKS)


def cases(values: str) -> list[Any]:
    return [
        pytest.param(key, value, id=f"{key.path}={value!r:.40}") for key in ALL_KEYS for value in getattr(key, values)
    ]


def part(settings: Settings, key: Key) -> Settings | OnDemand | Provisioned | NewVpc | ExistingVpc:
    """Where a key ends up."""
    if key in CAPACITIES:
        return settings.capacity
    return settings.network if key in NETWORKS else settings


@pytest.mark.parametrize(("key", "value"), cases("accepted"))
def test_an_accepted_value_is_what_the_settings_say(key: Key, value: Any) -> None:
    written = changed(data(key.example), key.path, value)
    settings = read(with_own_roles(written) if key.path.startswith("workload.") else written)
    assert getattr(part(settings, key), key.field) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(("key", "value"), cases("refused"))
def test_a_refused_value_is_named_with_its_key_and_what_is_accepted(key: Key, value: Any) -> None:
    line = refusal(changed(data(key.example), key.path, value))
    assert line.startswith(f"settings.toml: {key.path}: {value!r} is not accepted; accepted: ")
    assert key.says in line


def test_every_key_of_the_examples_is_in_the_table() -> None:
    """A key without a case here would be a key that nobody has tried wrongly."""
    shapes = {"table.capacity", "network.vpc"}
    written = {path for name in EXAMPLES for path, _ in leaves(data(name))}
    assert {key.path for key in ALL_KEYS} == written - shapes


@pytest.mark.parametrize(
    ("path", "choices"), [("table.capacity", "on-demand, provisioned"), ("network.vpc", "new, existing")]
)
@pytest.mark.parametrize("value", ["", "other", "New", 1, True, ["new"]])
def test_a_shape_that_there_is_not_is_refused(path: str, choices: str, value: Any) -> None:
    line = refusal(changed(data(), path, value))
    assert line == f"settings.toml: {path}: {value!r} is not accepted; accepted: {choices}"


WRONG_TYPES: tuple[Any, ...] = ("text", 7, 7.5, True, date(2024, 1, 2), [], [7], ["text"], {"a": 1})


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        pytest.param(name, path, value, id=f"{name} {path}={value!r}")
        for name in EXAMPLES
        for path, right in leaves(data(name))
        for value in WRONG_TYPES
        if type(value) is not type(right)
    ],
)
def test_a_value_of_another_type_is_refused(name: str, path: str, value: Any) -> None:
    line = refusal(changed(data(name), path, value))
    assert line.startswith(f"settings.toml: {path}: {value!r} is not accepted; accepted: ")


OPTIONAL = "table.client_side_encryption"
REQUIRED = [(name, path) for name in EXAMPLES for path, _ in leaves(data(name)) if path != OPTIONAL]


@pytest.mark.parametrize("name", EXAMPLES)
def test_nobody_encrypts_who_does_not_say_so(name: str) -> None:
    assert not read(changed(data(name), OPTIONAL, ABSENT)).client_side_encryption


@pytest.mark.parametrize(("name", "path"), REQUIRED)
def test_a_missing_key_is_named(name: str, path: str) -> None:
    line = refusal(changed(data(name), path, ABSENT))
    assert re.match(rf"settings\.toml: {re.escape(path)}: missing; accepted: \S", line), line


SECTIONS = [(name, section) for name in EXAMPLES for section in data(name)] + [("existing-vpc", "table.provisioned")]


@pytest.mark.parametrize(("name", "section"), SECTIONS)
def test_a_missing_section_is_named(name: str, section: str) -> None:
    last = section.rpartition(".")[2]
    expected = f"settings.toml: {section}: missing; accepted: a [{last}] section"
    assert refusal(changed(data(name), section, ABSENT)) == expected


@pytest.mark.parametrize(("name", "section"), SECTIONS)
@pytest.mark.parametrize("value", ["text", 1, True, [], [{"a": 1}]])
def test_a_section_that_is_none_is_refused(name: str, section: str, value: Any) -> None:
    line = refusal(changed(data(name), section, value))
    assert line.startswith(f"settings.toml: {section}: {value!r} is not accepted; accepted: a [")


@pytest.mark.parametrize(("name", "section"), SECTIONS)
def test_an_unknown_key_of_a_section_is_named_with_the_known_ones(name: str, section: str) -> None:
    known = data(name)
    for step in section.split("."):
        known = known[step]
    line = refusal(changed(data(name), f"{section}.spare", 1))
    assert line == f"settings.toml: {section}.spare: unknown key; [{section}] here takes {', '.join(sorted(known))}"


@pytest.mark.parametrize("value", [1, {"a": 1}])
def test_an_unknown_section_is_named_with_the_known_ones(value: Any) -> None:
    line = refusal({**data(), "spare": value})
    assert line == f"settings.toml: spare: unknown key; the file here takes {', '.join(sorted(data()))}"


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("default", "table.provisioned", {"read_units": [1, 2], "write_units": [1, 2], "target_percent": 70}),
        ("default", "network.vpc_id", "vpc-0a1b2c3d"),
        ("default", "network.subnet_ids", ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]),
        ("existing-vpc", "table.max_read_units", 4000),
        ("existing-vpc", "network.cidr", "10.20.0.0/16"),
        ("existing-vpc", "network.zones", 2),
    ],
)
def test_a_key_of_the_other_shape_is_unknown_here(name: str, path: str, value: Any) -> None:
    line = refusal(changed(data(name), path, value))
    assert line.startswith(f"settings.toml: {path}: unknown key; [{path.partition('.')[0]}] here takes ")


@dataclass(frozen=True)
class Contradiction:
    """A change that each key alone admits; `resolved` changes one more thing, and all is well."""

    changes: dict[str, Any]
    resolved: dict[str, Any]
    says: str

    def __str__(self) -> str:
        return self.says


CONTRADICTIONS = (
    Contradiction(
        {"workload.allowed_regions": ["eu-west-1"]},
        {"workload.allowed_regions": ["eu-west-1", "eu-central-1"]},
        "workload.allowed_regions: ['eu-west-1'] does not contain the home region 'eu-central-1'",
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
        {"login.user_pool_id": "eu-west-1_Example01"},
        {"workload.home_region": "eu-west-1", "workload.allowed_regions": ["eu-west-1"]},
        "login.user_pool_id: 'eu-west-1_Example01' is not in the home region 'eu-central-1'",
    ),
)


def with_changes(changes: dict[str, Any]) -> Data:
    settings = data()
    for path, value in changes.items():
        settings = changed(settings, path, value)
    return settings


@pytest.mark.parametrize("case", CONTRADICTIONS, ids=str)
def test_values_that_contradict_one_another_are_refused(case: Contradiction) -> None:
    assert refusal(with_changes(case.changes)).startswith(f"settings.toml: {case.says}")


@pytest.mark.parametrize("case", CONTRADICTIONS, ids=str)
def test_the_same_values_without_the_contradiction_are_accepted(case: Contradiction) -> None:
    assert isinstance(read(with_changes({**case.changes, **case.resolved})), Settings)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_shipped_examples_load(name: str) -> None:
    assert example(name) == load(EXAMPLE_SETTINGS / f"{name}.toml") == read(data(name))


def test_the_examples_show_every_shape() -> None:
    shapes = {(type(example(name).capacity), type(example(name).network)) for name in EXAMPLES}
    assert {shape for pair in shapes for shape in pair} == {OnDemand, Provisioned, NewVpc, ExistingVpc}


def test_optional_stacks_keep_the_order_of_deployment() -> None:
    settings = read(changed(data(), "stacks.optional", ["config", "guardrails"]))
    assert settings.optional_stacks == ("guardrails", "config")


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


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "workload: missing; accepted: a [workload] section"),
        (b"[workload", "not TOML: "),
        (b'name = "a"\nname = "b"', "not TOML: "),
        (b"name = \xff", "not UTF-8 text (byte 7)"),
        (b"name = " + b"[" * 100_000, "not TOML: "),
        (b"days = " + b"9" * 5_000, "not TOML: "),
    ],
    ids=["empty", "unclosed", "twice", "not UTF-8", "too deep", "too long"],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}: {says}")


@pytest.mark.parametrize("made", [False, True], ids=["missing", "a folder"])
def test_a_file_that_is_not_there_is_named_with_what_to_do(made: bool, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    if made:
        path.mkdir()
    with pytest.raises(SettingsError, match=r"cannot be read \(.*\); start from an example: tableguard settings >"):
        load(path)


# what TOML can hold and this file's writer can write
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from([(name, path) for name in EXAMPLES for path, _ in leaves(data(name))])


def outcome(settings: Data) -> str:
    """The refusal, or nothing if the settings are accepted."""
    try:
        read(settings)
    except SettingsError as refused:
        return str(refused)
    return ""


@given(place=PATHS, value=VALUES)
def test_no_value_of_any_key_does_anything_but_settle_or_be_refused(place: tuple[str, str], value: Any) -> None:
    name, path = place
    refused = outcome(changed(data(name), path, value))
    assert refused == "" or refused.startswith(f"settings.toml: {path.partition('.')[0]}"), refused
