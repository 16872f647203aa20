"""The report names the statement first, then the change, and says what that opens, in text and in JSON alike."""

from typing import Any

from tableguard.findings.exit_code import FINE
from tableguard.prove.why.answer import answered
from tableguard.prove.why.message import parse
from tableguard.prove.why.report import WhyReport
from tableguard.settings import example

TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages"
PLACE = "policies/scp/deny_strangers.json:4"
IN_AN_SCP = "with an explicit deny in a service control policy"


def report(role: str, action: str, resource: str, how: str = "") -> WhyReport:
    user = f"arn:aws:sts::111122223333:assumed-role/{role}/ida"
    text = f"User: {user} is not authorized to perform: {action} on resource: {resource} {how}"
    return WhyReport(answered(parse(text), example(), {}))


def test_the_first_line_names_the_statement_with_file_and_line() -> None:
    answer = report("Admin", "dynamodb:DeleteTable", TABLE, IN_AN_SCP)
    first, *rest = answer.text().splitlines()
    assert first == f"refused by statement DenyStrangersAtTheTable of SCP deny_strangers ({PLACE})"
    assert "smallest change that allows this request, all of it together:" in rest
    added = 'add to Condition/ArnNotLike/aws:PrincipalArn: "arn:aws:iam::111122223333:role/Admin"'
    assert f"    1. in statement DenyStrangersAtTheTable of deny_strangers, {added} ({PLACE})" in rest
    (opened,) = [line for line in rest if line.startswith("it would also open to this caller: ")]
    assert " known actions of dynamodb" in opened
    assert answer.exit_code == FINE
    assert answer.findings == []


def test_a_change_that_opens_nothing_else_is_said_to() -> None:
    lines = report("cruddur-auditor", "iam:CreateAccountAlias", "*").text().splitlines()
    assert lines[0] == "refused: no statement of the identity policy (auditor) allows iam:CreateAccountAlias"
    assert (
        "it would open nothing else to this caller: no other action, and iam:CreateAccountAlias on no other resource"
        in lines
    )


def test_a_key_that_would_do_without_any_change_is_named() -> None:
    how = "with an explicit deny in a resource-based policy"
    text = report("cruddur-application", "dynamodb:PutItem", TABLE, how).text()
    assert "without any change: it may be allowed once the request has aws:VpceAccount" in text


def test_a_possible_statement_is_called_so() -> None:
    answer = report("Admin", "cloudwatch:PutMetricData", "*", IN_AN_SCP)
    assert answer.sentence.startswith("refused, by all that is known here, by statement DenyForgingMetrics of SCP ")
    assert answer.sentence.endswith("(the message does not tell cloudwatch:namespace)")
    assert "without any change: it is allowed with other values of cloudwatch:namespace" in answer.text()
    assert answer.facts()["certain"] is False


def test_a_guess_is_called_so_in_the_first_line() -> None:
    key = "arn:aws:kms:eu-central-1:111122223333:key/1234"
    guessed = report("cruddur-operator", "kms:CreateGrant", key)
    assert guessed.sentence.startswith("refused, if key/1234 is alias/cruddur-audit: no statement of ")
    assert guessed.facts()["certain"] is False
    same = report("cruddur-operator", "kms:ScheduleKeyDeletion", key, IN_AN_SCP)
    assert same.sentence.startswith("refused by statement DenyKeyDestruction of SCP ")
    assert same.facts()["certain"] is True


def test_json_has_the_same_facts() -> None:
    answer = report("Admin", "dynamodb:DeleteTable", TABLE, IN_AN_SCP)
    facts: dict[str, Any] = answer.facts()
    assert facts["sentence"] == answer.text().splitlines()[0]
    assert facts["refused_by"]["sid"] == "DenyStrangersAtTheTable"
    assert [one["sid"] for one in facts["smallest_change"]] == ["DenyStrangersAtTheTable", "DenyTableDestruction"]
    assert facts["smallest_change"][0]["add"] == "arn:aws:iam::111122223333:role/Admin"
    assert any("dynamodb:Scan" in one["actions"] for one in facts["opens_other_actions"])
    assert facts["certain"] is True
