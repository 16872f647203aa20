"""The lint of meaning refuses each fault and accepts its twin; the repository's documents pass it."""

from pathlib import Path
from typing import Any

import pytest

from tableguard.check.rules import policy_meaning
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.policy import documents
from tableguard.policy.pattern_overlap import have_in_common
from tableguard.settings import load

TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/messages"
GOOD: dict[str, Any] = {"Sid": "Good", "Effect": "Deny", "Action": "dynamodb:Query", "Resource": TABLE}
TEAM = "${aws:PrincipalTag/team}"


def rules(change: dict[str, Any], kind: str = "scp") -> set[str]:
    statement = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    return {
        finding.rule
        for finding in policy_meaning.check("x.json", kind, {"Version": "2012-10-17", "Statement": [statement]})
    }


def when(operator: str, key: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}, **more}


def allowing(**conditions: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Condition": conditions}


KEYS = "dynamodb:LeadingKeys"
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # rule, a statement that it refuses, the same one set right
    ("unreadable", {"Efect": "Deny"}, {}),
    ("unreadable", when("StringNotEqual", "aws:username", "x"), when("StringNotEquals", "aws:username", "x")),
    ("unreadable", {"Resource": "arn:aws:dynamodb:*"}, {"Resource": "arn:aws:dynamodb:*:*:*"}),
    ("unreadable", {"Resource": None, "NotResource": "arn:aws:dynamodb:*"}, {"Resource": None, "NotResource": TABLE}),
    (
        "unreadable",
        {"Resource": "arn:aws:dynamodb:${aws:RequestedRegion}:*:table/x"},
        {"Resource": "arn:aws:dynamodb:*:*:table/x"},
    ),
    (
        "unreadable",
        when("ArnNotLike", "aws:PrincipalArn", "*"),
        when("ArnNotLike", "aws:PrincipalArn", "arn:*:*:*:*:*"),
    ),
    ("unknown-action", {"Action": "dynamodb:DeleteTabel"}, {"Action": "dynamodb:DeleteTable"}),
    ("unknown-action", {"Action": "dynamodb:Remove*"}, {"Action": "dynamodb:Delete*"}),
    ("unknown-action", {"Action": "dynamo:DeleteTable"}, {"Action": "dynamodb:deletetable"}),
    ("unknown-action", {"Action": None, "NotAction": "d*:*", "Resource": "*"}, {"Action": None, "NotAction": "dax:*"}),
    ("action-without-resource", {"Action": "dynamodb:ListTables"}, {"Action": "dynamodb:ListTables", "Resource": "*"}),
    ("action-without-resource", {"Action": ["dynamodb:Query", "kms:Decrypt"]}, {"Action": ["dynamodb:Query"]}),
    ("action-without-resource", {"Action": "dynamodb:DeleteBackup"}, {"Action": "dynamodb:Delete*"}),
    (
        "resource-without-action",
        {"Resource": [TABLE, "arn:aws:s3:::bucket"]},
        {"Resource": [TABLE, f"{TABLE}/index/*"]},
    ),
    (
        "resource-without-action",
        {"Resource": [TABLE, TABLE.replace("table/", "global-table/")]},
        {"Resource": [TABLE, f"{TABLE}/index/x"]},
    ),
    (
        "type-pattern",
        {"Resource": "arn:aws:dynamodb:*:111122223333:*/messages"},
        {"Resource": "arn:aws:dynamodb:*:111122223333:*"},
    ),
    (
        "type-pattern",
        {"Resource": "arn:aws:dynamodb:*:111122223333:tabl?/messages"},
        {"Resource": "arn:aws:dynamodb:*:111122223333:table/message?"},
    ),
    (
        "account-pattern",
        {"Resource": TABLE.replace("111122223333", "1111*")},
        {"Resource": TABLE.replace("111122223333", "*")},
    ),
    (
        "unknown-key",
        when("StringEquals", "aws:PrincipalAcount", "1"),
        when("StringEquals", "aws:PrincipalAccount", "1"),
    ),
    ("unknown-key", when("StringEquals", "aws:PrincipalTags/x", "1"), when("StringEquals", "aws:PrincipalTag/x", "1")),
    (
        "key-of-other-actions",
        when("ForAnyValue:StringEquals", KEYS, "x", Action="dynamodb:Scan"),
        when("ForAnyValue:StringEquals", KEYS, "x"),
    ),
    # which keys an action has that is known from botocore alone is not known, but they are its service's
    (
        "key-of-other-actions",
        when("ForAnyValue:StringEquals", KEYS, "x", Action="dynamodb:Scan"),
        when("ForAnyValue:StringEquals", KEYS, "x", Action="dynamodb:StartBulkPutItems"),
    ),
    (
        "key-of-other-actions",
        when("StringEquals", "kms:ViaService", "x", Action="dynamodb:StartBulkPutItems"),
        when("StringEquals", "kms:ViaService", "x", Action="kms:Decrypt", Resource="*"),
    ),
    (
        "action-without-resource",
        {"Action": "cloudwatch:PutMetricData", "Resource": "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:x"},
        {"Action": "cloudwatch:PutMetricData", "Resource": "*"},
    ),
    (
        "wrong-operator",
        when("StringEquals", "aws:SecureTransport", "false"),
        when("Bool", "aws:SecureTransport", "false"),
    ),
    ("wrong-operator", when("StringLike", "aws:SourceIp", "10.0.*"), when("IpAddress", "aws:SourceIp", "10.0.0.0/16")),
    ("wrong-operator", when("ArnLike", "aws:username", TABLE), when("ArnLike", "aws:PrincipalArn", TABLE)),
    ("several-values", when("StringEquals", KEYS, "x"), when("ForAnyValue:StringEquals", KEYS, "x")),
    (
        "one-value",
        when("ForAnyValue:StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
        when("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
    ),
    (
        "set-if-exists",
        when("ForAnyValue:StringEqualsIfExists", KEYS, "x"),
        when("ForAnyValue:StringEquals", KEYS, "x"),
    ),
    (
        "all-of-nothing",
        allowing(**{"ForAllValues:StringEquals": {KEYS: ["x"]}}),
        allowing(**{"ForAllValues:StringEquals": {KEYS: ["x"]}, "Null": {KEYS: "false"}}),
    ),
    (
        "all-of-nothing",
        allowing(**{"ForAllValues:StringEquals": {KEYS: ["x"]}, "Null": {KEYS: "true"}}),
        allowing(**{"ForAllValues:StringEquals": {KEYS: ["x"]}, "Null": {KEYS: False}}),
    ),
    # in Deny a missing key denies more, not less
    (
        "all-of-nothing",
        allowing(**{"ForAllValues:StringEquals": {KEYS: ["x"]}}),
        when("ForAllValues:StringEquals", KEYS, "x"),
    ),
    (
        "action-without-resource",
        {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b/*"},
        {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b*"},
    ),
    (
        "action-without-resource",
        {"Action": ["s3:GetObject", "s3:GetBucketAcl"], "Resource": "arn:aws:s3:::b/*"},
        {"Action": ["s3:GetObject", "s3:GetBucketAcl"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]},
    ),
    (
        "action-without-resource",
        {"Action": "dynamodb:DeleteTable", "Resource": f"{TABLE}/index/*"},
        {"Action": "dynamodb:Query", "Resource": f"{TABLE}/index/*"},
    ),
    *(
        (
            "contradiction",
            allowing(**{one: {key: value}, other: {key: wrong}}),
            allowing(**{one: {key: value}, other: {key: right}}),
        )
        for one, key, value, other, wrong, right in (
            ("Bool", "aws:SecureTransport", "true", "BoolIfExists", "false", "true"),
            ("StringEquals", "aws:RequestedRegion", "eu-west-1", "StringNotEquals", "eu-west-1", "eu-west-2"),
            ("StringEquals", "aws:RequestedRegion", "eu-west-1", "StringLike", "us-*", "eu-*"),
            ("StringLike", "aws:RequestedRegion", "eu-*", "StringNotLike", "eu-*", "eu-west-*"),
            (
                "StringLike",
                "aws:PrincipalArn",
                "*-admin",
                "ArnLike",
                "arn:*:*:*:*:*-reader",
                "arn:*:*:*:*:*-admin",
            ),
            ("NumericLessThan", "aws:MultiFactorAuthAge", "10", "NumericGreaterThan", "10", "9.5"),
        )
    ),
    (
        "contradiction",
        allowing(Null={"aws:SourceVpce": "true"}, StringLike={"aws:SourceVpce": "vpce-*"}),
        allowing(Null={"aws:SourceVpce": "true"}, StringLikeIfExists={"aws:SourceVpce": "vpce-*"}),
    ),
    ("literal-wildcard", when("StringEquals", "aws:username", "adm*"), when("StringLike", "aws:username", "adm*")),
    ("literal-wildcard", when("StringEquals", "aws:username", "adm?"), when("StringEquals", "aws:username", "adm${?}")),
    (
        "no-region",
        when("StringNotEquals", "aws:RequestedRegion", "eu-west-12"),
        when("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
    ),
    (
        "session-arn",
        when("ArnNotLike", "aws:PrincipalArn", "arn:aws:sts::111122223333:assumed-role/x/*"),
        when("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/x"),
    ),
    (
        "unknown-variable",
        {"Resource": "arn:aws:dynamodb:*:*:table/${Table}"},
        {"Resource": f"arn:aws:dynamodb:*:*:table/{TEAM}"},
    ),
    (
        "variable-of-several",
        when("StringEquals", "aws:username", "${aws:TagKeys}"),
        when("StringEquals", "aws:username", TEAM),
    ),
    (
        "negated-variable",
        when("StringNotEquals", "aws:username", TEAM),
        when("StringNotEquals", "aws:username", "${aws:PrincipalTag/team, 'none'}"),
    ),
    (
        "negated-variable",
        {"Resource": None, "NotResource": f"arn:aws:dynamodb:*:*:table/{TEAM}"},
        {"Resource": None, "NotResource": "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team, 'none'}"},
    ),
    (
        "unreadable",
        when("StringEquals", "aws:username", "${aws:PrincipalTag/team, none}"),
        when("StringEquals", "aws:username", "${aws:PrincipalTag/team, 'none'}"),
    ),
]


@pytest.mark.parametrize(("rule", "broken", "right"), CASES)
def test_a_statement_that_does_not_mean_what_it_says_is_refused(
    rule: str, broken: dict[str, Any], right: dict[str, Any]
) -> None:
    assert rule in rules(broken)
    assert rules(right) == set()


def test_an_rcp_about_a_service_that_rcps_do_not_know_is_refused() -> None:
    everybody = {"Principal": "*", "Resource": "*"}
    assert rules({**everybody, "Action": "cloudtrail:StopLogging"}, "rcp") == {"not-under-rcps"}
    assert rules({**everybody, "Action": "dynamodb:Query"}, "rcp") == set()
    assert rules({**everybody, "Action": "*"}, "rcp") == set()
    assert rules({**everybody, "Action": "kms:RetireGrant"}, "rcp") == {"not-under-rcps"}
    assert rules({**everybody, "Action": "kms:Decrypt"}, "rcp") == set()


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, *_ in CASES} | {"not-under-rcps"} == {rule.name for rule in policy_meaning.RULES} | {
        "unreadable"
    }


LIKE = "; like it: dynamodb:DeleteTable, dynamodb:DeleteItem, dynamodb:DeleteTableReplica"


def test_a_finding_names_statement_sid_element_and_remedy() -> None:
    document = {"Version": "2012-10-17", "Statement": [GOOD, {**GOOD, "Sid": "Typo", "Action": "dynamodb:DeleteTabel"}]}
    (finding,) = policy_meaning.check("scp/x.json", "scp", document)
    assert str(finding) == (
        "scp/x.json: statement Typo: Action: error unknown-action: dynamodb:DeleteTabel: no action of AWS's is "
        f"called so{LIKE}; write the action as AWS's reference has it"
    )


def test_an_unreadable_statement_does_not_hide_the_others() -> None:
    document = {"Version": "2012-10-17", "Statement": ["x", {**GOOD, "Action": "dynamodb:DeleteTabel"}]}
    places = [(finding.place, finding.problem) for finding in policy_meaning.check("scp/x.json", "scp", document)]
    assert places == [
        ("scp/x.json: statement 1", "Statement is missing or empty"),
        (
            "scp/x.json: statement Good: Action",
            f"dynamodb:DeleteTabel: no action of AWS's is called so{LIKE}",
        ),
    ]


@pytest.mark.parametrize("settings", sorted(EXAMPLE_SETTINGS.glob("*.toml")), ids=lambda path: Path(path).stem)
def test_the_documents_of_this_repository_mean_what_they_say(settings: Path) -> None:
    values = load(settings).policy_values()
    found = documents.load_all()
    assert len(found) > 10
    assert [
        str(finding)
        for each in found
        for finding in policy_meaning.check(each.place, each.kind, documents.fill(each, values))
    ] == []  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("abc", "abc", True),
        ("abc", "abd", False),
        ("a*", "ab", True),
        ("a*c", "ab*", True),
        ("a*c", "*bd", False),
        ("*", "", True),
        ("*", "*", True),
        ("a?c", "ab*", True),
        ("a?", "a", False),
        ("", "a", False),
        ("*x*y", "ab*xz?", True),
        ("table/*", "table/*/index/*", True),
        ("table/*/stream/*", "table/messages", False),
    ],
)
def test_two_patterns_have_a_text_in_common_or_not(one: str, other: str, common: bool) -> None:
    assert have_in_common(one, other) is common
    assert have_in_common(other, one) is common


@pytest.mark.parametrize(
    ("action", "acts_on"),
    [
        ("cloudwatch:PutMetricData", "dataset, requests that name none (Resource *), and"),
        ("cloudwatch:DeleteAlarms", "alarm, and"),
        ("cloudwatch:GetMetricStatistics", "no resource of its own (Resource *), and"),
    ],
)
def test_a_fault_of_resources_tells_whether_a_request_may_name_none(action: str, acts_on: str) -> None:
    statement = {"Effect": "Deny", "Action": action, "Resource": "arn:aws:cloudwatch:eu-central-1:111122223333:slo/x"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    problems = [finding.problem for finding in policy_meaning.check("x.json", "scp", document)]
    assert [problem for problem in problems if problem.startswith(f"{action} acts on {acts_on}")] != []


def test_a_negated_variable_is_a_warning_because_aws_says_what_it_means() -> None:
    condition = {"StringNotEquals": {"aws:ResourceTag/team": TEAM}}
    document = {"Version": "2012-10-17", "Statement": [{**GOOD, "Sid": "Abac", "Condition": condition}]}
    (finding,) = policy_meaning.check("scp/x.json", "scp", document)
    assert finding.level == "warning"
    assert finding.problem == (
        "${aws:PrincipalTag/team} in a negation, which holds of every request that has no aws:PrincipalTag/team"
    )
    assert "${key, 'none'}" in finding.remedy
    assert "Null" in finding.remedy
