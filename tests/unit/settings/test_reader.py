"""settings.toml: every key is taken, every wrong value is refused in one line that says what is accepted."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tableguard.errors import SettingsError
from tableguard.settings import DirectConnect, OnPremises, Settings, load
from tableguard.store.places import CONVERSATIONS_IN_TABLE
from tests.cases.settings_keys import ALL_KEYS, CACHE, CAPACITIES, LOGINS, NETWORKS, ON_PREMISES, USERS, Key
from tests.worlds.settings_files import ABSENT, EXAMPLES, Data, changed, data, leaves, read, refusal, with_own_roles


def cases(values: str) -> list[Any]:
    return [
        pytest.param(key, value, id=f"{key.path}={value!r:.40}") for key in ALL_KEYS for value in getattr(key, values)
    ]


def part(settings: Settings, key: Key) -> object:
    """Where a key ends up."""
    if key in ON_PREMISES:
        assert settings.on_premises is not None
        return settings.on_premises if key.field == "blocks" else settings.on_premises.link
    if key.path.startswith("roles.takers."):
        return settings.takers
    parts = (
        (LOGINS, settings.login),
        (CAPACITIES, settings.capacity),
        (USERS, settings.user_database),
        (CACHE, settings.cache),
        (NETWORKS, settings.network),
    )
    return next((part for keys, part in parts if key in keys), settings)


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
    shapes = {"table.capacity", "network.vpc", "onprem.link", "users.store"}
    written = {path for name in EXAMPLES for path, _ in leaves(data(name))}
    assert {key.path for key in ALL_KEYS} == written - shapes


@pytest.mark.parametrize(
    ("name", "path", "choices"),
    [
        ("default", "table.capacity", "on-demand, provisioned"),
        ("default", "network.vpc", "new, existing"),
        ("complete", "onprem.link", "vpn, direct-connect, existing"),
        ("complete", "users.store", "cognito, postgresql"),
    ],
)
@pytest.mark.parametrize("value", ["", "other", "New", 1, True, ["new"]])
def test_a_shape_that_there_is_not_is_refused(name: str, path: str, choices: str, value: Any) -> None:
    line = refusal(changed(data(name), path, value))
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


OPTIONAL = (
    "table.client_side_encryption",
    "table.conversations_in_table",
    "table.former_index",
    "alerts.reads",
    "alerts.writes",
    "users.update",
    "login.self_sign_up",
    "login.session_days",
    "cache.query_ttl_seconds",
    "cache.item_ttl_seconds",
)
OPTIONAL_SECTIONS = ("users", "cache", "log_archive", "login", "onprem", "organization")
OPTIONAL_TAKERS = ("roles.takers.application", "roles.takers.member_services")
REQUIRED = [
    (name, path) for name in EXAMPLES for path, _ in leaves(data(name)) if path not in (*OPTIONAL, *OPTIONAL_TAKERS)
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_nobody_encrypts_or_keeps_the_former_index_who_does_not_say_so(name: str) -> None:
    silent = data(name)
    for path in OPTIONAL:
        silent = changed(silent, path, ABSENT) if path in dict(leaves(silent)) else silent
    settings = read(silent)
    assert (settings.client_side_encryption, settings.former_index) == (False, False)
    assert settings.conversations_in_table == CONVERSATIONS_IN_TABLE
    assert (settings.alert_reads, settings.alert_writes) == (10_000, 5_000)


def test_the_application_has_no_takers_unless_the_settings_name_some() -> None:
    for path in OPTIONAL_TAKERS:
        takers = read(changed(data("existing-vpc"), path, ABSENT)).takers
        assert getattr(takers, path.rpartition(".")[2]) == ()


def test_users_are_in_the_user_pool_alone_unless_a_database_is_named() -> None:
    in_pool = {**data("complete"), "users": {"store": "cognito"}}
    assert [read(one).user_database for one in (data(), in_pool)] == [None, None]
    assert read(data("complete")).user_database is not None


def test_the_section_of_a_user_pool_takes_nothing_else() -> None:
    line = refusal({**data(), "users": {"store": "cognito", "query": "SELECT 1"}})
    assert line == "settings.toml: users.query: unknown key; [users] here takes store"


@pytest.mark.parametrize(("name", "path"), REQUIRED)
def test_a_missing_key_is_named(name: str, path: str) -> None:
    line = refusal(changed(data(name), path, ABSENT))
    assert re.match(rf"settings\.toml: {re.escape(path)}: missing; accepted: \S", line), line


NESTED = [("existing-vpc", "table.provisioned"), *((name, "roles.takers") for name in EXAMPLES)]
SECTIONS = [(name, section) for name in EXAMPLES for section in data(name)] + NESTED


@pytest.mark.parametrize(("link", "made"), [("direct-connect", DirectConnect()), ("existing", None)])
def test_a_link_without_a_vpn_has_no_device(link: str, made: DirectConnect | None) -> None:
    linked = changed(data("complete"), "onprem.link", link)
    assert refusal(linked).startswith("settings.toml: onprem.asn: unknown key; [onprem] here takes blocks, link")
    bare = changed(changed(linked, "onprem.asn", ABSENT), "onprem.device_address", ABSENT)
    assert read(bare).on_premises == OnPremises(("10.200.0.0/16",), made)


def test_a_section_of_a_stack_is_read_though_the_stack_is_not_wanted_and_needed_where_it_is() -> None:
    unwanted = changed(data("complete"), "stacks.optional", ["login", "cache"])
    assert read(unwanted).on_premises == read(data("complete")).on_premises
    assert read(changed(unwanted, "onprem", ABSENT)).on_premises is None
    with_stack = changed(unwanted, "stacks.optional", ["login", "cache", "onprem"])
    assert refusal(changed(with_stack, "onprem", ABSENT)).startswith("settings.toml: onprem: missing; stacks.optional ")


@pytest.mark.parametrize(("name", "section"), [one for one in SECTIONS if one[1] not in OPTIONAL_SECTIONS])
def test_a_missing_section_is_named(name: str, section: str) -> None:
    expected = f"settings.toml: {section}: missing; accepted: a [{section}] section"
    assert refusal(changed(data(name), section, ABSENT)) == expected


@pytest.mark.parametrize(("name", "section"), SECTIONS)
@pytest.mark.parametrize("value", ["text", 1, True, [], [{"a": 1}]])
def test_a_section_that_is_none_is_refused(name: str, section: str, value: Any) -> None:
    line = refusal(changed(data(name), section, value))
    assert line == f"settings.toml: {section}: {value!r} is not accepted; accepted: a [{section}] section"


@pytest.mark.parametrize(("name", "section"), SECTIONS)
def test_an_unknown_key_of_a_section_is_named_with_the_known_ones(name: str, section: str) -> None:
    known = data(name)
    for step in section.split("."):
        known = known[step]
    optional = {path.rpartition(".")[2] for path in OPTIONAL_TAKERS} if section == "roles.takers" else set()
    taken = ", ".join(sorted({*known, *optional}))
    line = refusal(changed(data(name), f"{section}.spare", 1))
    assert line == f"settings.toml: {section}.spare: unknown key; [{section}] here takes {taken}"


@pytest.mark.parametrize("value", [1, {"a": 1}])
def test_an_unknown_section_is_named_with_the_known_ones(value: Any) -> None:
    known = ", ".join(sorted({*data(), *OPTIONAL_SECTIONS}))
    assert refusal({**data(), "spare": value}) == f"settings.toml: spare: unknown key; the file here takes {known}"


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("default", "table.provisioned", {"read_units": [1, 2], "write_units": [1, 2], "target_percent": 70}),
        ("default", "login.session_days", 7),
        ("default", "network.vpc_id", "vpc-0a1b2c3d"),
        ("default", "network.subnet_ids", ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]),
        ("existing-vpc", "table.max_read_units", 4000),
        ("existing-vpc", "network.cidr", "10.20.0.0/16"),
        ("existing-vpc", "network.zones", 2),
        ("complete", "onprem.direct_connect_gateway", "0a1b2c3d"),
    ],
)
def test_a_key_of_the_other_shape_is_unknown_here(name: str, path: str, value: Any) -> None:
    line = refusal(changed(data(name), path, value))
    assert line.startswith(f"settings.toml: {path}: unknown key; [{path.partition('.')[0]}] here takes ")


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
