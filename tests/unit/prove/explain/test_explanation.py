"""An explanation says the decision first, in one sentence with the statement that made it, and then the rest."""

import pytest

from tests.worlds.explanations import ENCRYPTED, PLAIN, explanation

VIA = {"kms:ViaService": "dynamodb.eu-central-1.amazonaws.com"}


@pytest.mark.parametrize(
    ("call", "principal", "allowed", "by"),
    [
        ("kms:Decrypt alias/cruddur-messages", "role/Admin", False, "DenyStrangersAtTheKeys of SCP"),
        ("kms:DescribeKey alias/cruddur-table", "role/Admin", True, "the assumed administrator's policy"),
        ("kms:Decrypt alias/<name>-messages", "role/cruddur-application", True, "of the key policy of alias/cruddur"),
        ("kms:GenerateDataKey alias/cruddur-messages", "role/cruddur-identity-pool-user", False, "DenyOther"),
        ("kms:Decrypt alias/cruddur-messages", "role/cruddur-identity-pool-user", True, "identity policy identity"),
        ("sts:AssumeRole role/cruddur-deployer", "role/Admin", False, "DenyTakingDeployers of RCP"),
        ("sts:AssumeRole role/cruddur-deployer", "deployer-taker", True, "TakenByThoseTheSettingsName of the trust"),
        ("sts:AssumeRole role/cruddur-backup", "role/Admin", False, "DenyTakingServiceRoles of RCP"),
        ("kms:PutKeyPolicy alias/cruddur-table", "break-glass", True, "AdministeredThroughIam of the key policy"),
        ("s3:PutObject cruddur-failures-111122223333-eu-central-1/x", "role/Admin", False, "DenyForgingFailedBatches"),
        ("cloudwatch:PutMetricData *", "role/Admin", True, "the assumed administrator's policy"),
    ],
)  # fmt: skip
def test_the_first_line_is_the_decision_and_the_statement_that_made_it(
    call: str, principal: str, allowed: bool, by: str
) -> None:
    answer = explanation(call, principal)
    sentence, asked, *_ = answer.text().splitlines()
    assert answer.decision.allowed is allowed
    assert sentence.startswith("allowed" if allowed else "denied")
    assert by in sentence
    assert asked.startswith("asked: ")
    assert answer.facts()["sentence"] == sentence


def test_a_deciding_statement_has_its_file_and_line() -> None:
    (reason,) = explanation("dynamodb:DeleteTable table/<table-name>").facts()["decided_by"]
    assert reason["file"] == "policies/scp/deny_strangers.json"
    assert (reason["policy"], reason["sid"], reason["effect"]) == ("deny_strangers", "DenyStrangersAtTheTable", "Deny")
    assert isinstance(reason["line"], int)


def test_full_access_is_called_so_and_levels_that_say_the_same_are_one_line() -> None:
    answer = explanation("dynamodb:DescribeTable table/x")
    assert [reason.layer for reason in answer.layers].count("scp") == 2
    assert answer.text().count("    scp       allows (FullAWSAccess)") == 1
    assert "verything" not in answer.text()
    assert answer.because == ["allowed by FullAWSAccess", "allowed by the assumed administrator's policy"]


def test_a_level_that_denies_hides_those_that_allow() -> None:
    lines = explanation("dynamodb:DeleteTable table/<table-name>").text().splitlines()
    assert next(line for line in lines if line.startswith("    scp ")).startswith("    scp       denies (")
    assert "    scp       allows (FullAWSAccess)" not in lines


def test_a_condition_that_failed_is_named_with_what_would_meet_it() -> None:
    denied = explanation("kms:Decrypt alias/cruddur-table", "role/cruddur-application", PLAIN)
    asks = (
        "would allow it, but asks that kms:ViaService is dynamodb.eu-central-1.amazonaws.com; "
        "the request has no kms:ViaService"
    )
    assert f"UsedThroughDynamodb (key policy of alias/cruddur-table) {asks}" in denied.text()
    assert denied.sentence.startswith("denied, as long as the request has no kms:ViaService: no statement of ")
    allowed = explanation("kms:Decrypt alias/cruddur-table", "role/cruddur-application", PLAIN, VIA)
    assert allowed.decision.allowed
    assert allowed.sentence.startswith("allowed by statement UsedThroughDynamodb of the key policy of alias/cruddur-ta")


def test_a_key_that_would_change_nothing_is_not_said_to_decide() -> None:
    through = {"aws:SourceVpce": "vpce-1", "aws:VpceAccount": "111122223333"}
    outside = explanation("dynamodb:PutItem table/<table-name>", "role/cruddur-application", PLAIN, {})
    assert outside.hangs_on == ["aws:VpceAccount"]
    # nothing allows the operator to write, through whichever endpoint
    operator = explanation("dynamodb:DeleteTable table/<table-name>", "role/cruddur-operator", PLAIN, {})
    assert operator.hangs_on == []
    inside = explanation(
        "dynamodb:PutItem table/<table-name>",
        "role/cruddur-application",
        PLAIN,
        {**through, "dynamodb:LeadingKeys": ("MSG#1",)},
    )
    assert (inside.decision.allowed, inside.hangs_on) == (True, [])
    assert "WriteMessages of identity policy application" in inside.sentence


def test_what_would_deny_an_allowed_request_is_said() -> None:
    answer = explanation("account:DisableRegion *", settings=PLAIN)
    assert answer.sentence.startswith("allowed, as long as the request has no account:TargetRegion, by the assumed ")
    would = "DenyRegionOptOut (deny_off_region_tables) would deny it if account:TargetRegion is eu-central-1"
    assert f"{would}; the request has no account:TargetRegion: pass --context account:TargetRegion=…" in answer.text()
    home = explanation("account:DisableRegion *", settings=PLAIN, context={"account:TargetRegion": "eu-central-1"})
    assert "denied by statement DenyRegionOptOut of SCP deny_off_region_tables" in home.sentence


def test_a_foreign_endpoints_policy_is_not_ours() -> None:
    ours = {"aws:SourceVpce": "vpce-1", "aws:VpceAccount": "111122223333"}
    theirs = {**ours, "aws:VpceAccount": "444455556666"}
    call = "dynamodb:GetItem table/<table-name>"
    for context, layer in ((ours, True), (theirs, False), ({}, False)):
        answer = explanation(call, "role/cruddur-application", PLAIN, context)
        assert ("endpoint" in [reason.layer for reason in answer.layers]) is layer


def test_a_foreign_caller_is_refused_by_name() -> None:
    answer = explanation("sqs:SendMessage arn:aws:sqs:eu-west-1:444455556666:theirs")
    assert answer.sentence == "denied: no policy of theirs that is known here allows sqs:SendMessage to 111122223333"
    own = explanation("sqs:SendMessage arn:aws:sqs:eu-west-1:444455556666:theirs", "arn:aws:iam::444455556666:role/x")
    assert own.decision.allowed


def test_the_message_keys_policy_is_the_stacks_and_the_documents_in_one() -> None:
    answer = explanation("kms:Decrypt alias/cruddur-messages", "role/cruddur-pattern-d", ENCRYPTED)
    (reason,) = answer.facts()["decided_by"]
    assert (reason["sid"], reason["file"]) == ("DenyOtherReaders", "policies/resource/message_key.json")


@pytest.mark.parametrize(
    ("call", "sid"),
    [
        ("cognito-idp:AdminSetUserPassword userpool/eu-central-1_Example01", "DenyTakingMembersPlaces"),
        ("ecs:ExecuteCommand *", ""),
        ("dax:Query cache/a", "DenyStrangersAtTheCache"),
        ("glue:CreateIntegration integration:a", ""),
        ("pipes:CreatePipe pipe/a", ""),
        (
            "organizations:AcceptHandshake arn:aws:organizations::444455556666:handshake/o-aaaaaaaaaa/invite/h-1",
            "DenyLeavingTheOrganization",
        ),
        ("backup:StartRestoreJob recovery-point:a", "DenyRestores"),
    ],
)
def test_an_attack_on_what_the_embedded_aws_does_not_model_is_explained(call: str, sid: str) -> None:
    decision = explanation(call, settings=PLAIN).decision
    assert (decision.allowed, "" if decision.allowed else decision.because[0].sid) == (not sid, sid)


def test_what_denies_too_is_said_and_what_is_nearest_to_allowing_alone() -> None:
    denied = explanation("dynamodb:DeleteTable table/<table-name>")
    assert "DenyTableDestruction (deny_table_destruction) denies it too" in denied.text()
    alone = explanation("ec2:DeleteTags network.Vpc")
    assert "denies it too" not in alone.text()
    lacking = explanation("kms:Decrypt alias/cruddur-table", "role/cruddur-operator", PLAIN, {})
    assert "UseTableKey (operator) would allow it" in lacking.text()
    assert "UseFailureKey" not in lacking.text()  # about another key


def test_a_tag_is_written_as_the_resource_has_it() -> None:
    assert "aws:ResourceTag/Application is cruddur" in explanation("ec2:DeleteTags network.Vpc").text()
