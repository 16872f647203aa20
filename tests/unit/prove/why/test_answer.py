"""A refusal is traced to the statement that AWS means, or it is said that the policies here do not deny that."""

import pytest

from tableguard.errors import PolicyError
from tableguard.prove.why.answer import Answer, answered
from tableguard.prove.why.message import parse
from tableguard.settings import example

SETTINGS = example()
TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SCP = "arn:aws:organizations::123456789012:policy/o-exampleorgid/service_control_policy/p-abcdefgh"
IN_AN_SCP = "with an explicit deny in a service control policy"
DEPLOYER = "arn:aws:iam::111122223333:role/cruddur-deployer"
IN_AN_RCP = "with an explicit deny in a resource control policy"
IN_ITS_OWN = "with an explicit deny in a resource-based policy"
UNNAMED = "no template tells whether {} is alias/cruddur-table"
SAYS_WHICH = "--context kms:ResourceAliases=alias/NAME says which"
SSO = "AWSReservedSSO_MessagesOperator_0123456789abcdef"


def why(role: str, action: str, resource: str, how: str = "", **context: str) -> Answer:
    user = f"arn:aws:sts::111122223333:assumed-role/{role}/ida"
    text = f"User: {user} is not authorized to perform: {action} on resource: {resource} {how}"
    return answered(parse(text), SETTINGS, {key.replace("_", ":"): value for key, value in context.items()})


@pytest.mark.parametrize(
    ("asked", "policy", "sid"),
    [
        (("Admin", "dynamodb:DeleteTable", TABLE, IN_AN_SCP), "deny_strangers", "DenyStrangersAtTheTable"),
        (("Admin", "dynamodb:DeleteTable", TABLE, f"{IN_AN_SCP}: {SCP}"), "deny_strangers", "DenyStrangersAtTheTable"),
        (("Admin", "dynamodb:DeleteTable", TABLE, ""), "deny_strangers", "DenyStrangersAtTheTable"),
        (("cruddur-application", "dynamodb:PutItem", TABLE, IN_ITS_OWN), "messages_table", "DenyOtherNetworks"),
        ((SSO, "sts:AssumeRole", DEPLOYER, IN_AN_SCP), "deny_taking_roles", "DenyTakingDeployers"),
        ((SSO, "sts:AssumeRole", DEPLOYER, IN_AN_RCP), "roles_taken_by_takers", "DenyTakingDeployers"),
        (("Admin", "kms:Decrypt", KEY, IN_AN_SCP), "deny_strangers", "DenyStrangersAtTheKeys"),
    ],
)
def test_an_explicit_denial_is_traced_to_its_statement(asked: tuple[str, str, str, str], policy: str, sid: str) -> None:
    answer = why(*asked)
    assert (answer.reason.policy, answer.reason.sid, answer.possible) == (policy, sid, None)
    assert answer.explanation.estate.place(answer.reason.layer, policy, sid) is not None


def test_a_denial_that_the_message_does_not_know_is_noted() -> None:
    trail = "arn:aws:s3:::cruddur-trail-111122223333-eu-central-1/x"
    how = "because no identity-based policy allows the s3:PutObject action"
    answer = why("cruddur-pattern-d", "s3:PutObject", trail, how)
    assert answer.reason.layer == "identity"
    assert answer.notes == (
        "AWS tells of an explicit denial first, and this message tells of none: protect_audit_trail, which has "
        "DenyChangingFiles, is perhaps not attached",
    )
    assert why("cruddur-auditor", "iam:CreateAccountAlias", "*", how.replace("s3:PutObject", "iam:x")).notes == ()


def test_a_caller_without_a_signature_is_called_anonymous() -> None:
    text = f"User: anonymous is not authorized to perform: dynamodb:Scan on resource: {TABLE}"
    answer = answered(parse(f"{text} with an explicit deny in a resource control policy"), SETTINGS, {})
    assert (answer.explanation.request.principal.arn, answer.reason.policy) == ("*", "dynamodb_org_only")
    assert not answer.change.allows


def test_a_missing_allow_is_traced_to_the_policies_that_are_silent() -> None:
    silent = why(
        "cruddur-application", "kms:Decrypt", KEY, "because no identity-based policy allows the kms:Decrypt action"
    )
    assert (silent.reason.layer, silent.reason.effect) == ("identity", "silent")
    # of the stacks' keys the one that a further key of the request would open
    assert silent.explanation.request.context["kms:ResourceAliases"] == ("alias/cruddur-table",)
    assert silent.notes == (f"{UNNAMED.format(KEY.rpartition(':')[2])}; {SAYS_WHICH}",)
    named = why("cruddur-application", "kms:Decrypt", KEY, kms_ResourceAliases="alias/cruddur-audit")
    assert named.explanation.request.context["kms:ResourceAliases"] == ("alias/cruddur-audit",)
    assert named.notes == ()


def test_a_request_that_an_endpoints_policy_refused_came_through_the_endpoint() -> None:
    how = "because no VPC endpoint policy allows the dynamodb:DeleteItem action"
    answer = why("cruddur-application", "dynamodb:DeleteItem", TABLE, how)
    assert (answer.reason.layer, answer.reason.effect) == ("endpoint", "silent")
    assert answer.explanation.request.context["aws:VpceAccount"] == "111122223333"


def test_a_statement_that_hangs_on_an_unknown_key_is_said_to_be_possible() -> None:
    answer = why("Admin", "cloudwatch:PutMetricData", "*", IN_AN_SCP)
    assert answer.possible is not None
    assert (answer.reason.sid, answer.possible.absent) == ("DenyForgingMetrics", ("cloudwatch:namespace",))
    certain = why("Admin", "cloudwatch:PutMetricData", "*", IN_AN_SCP, cloudwatch_namespace="cruddur/trail")
    assert (certain.reason.sid, certain.possible) == ("DenyForgingMetrics", None)


@pytest.mark.parametrize(
    ("role", "action", "how", "problem"),
    [
        ("cruddur-break-glass", "dynamodb:DeleteTable", "", "the policies here do not deny that (the message"),
        ("Admin", "dynamodb:DeleteTable", "with an explicit deny in a permissions boundary", "of layer boundary"),
        ("Admin", "dynamodb:DeleteTable", "because no identity-based policy allows the x action", "no identity policy"),
        ("Admin", "dynamodb:DeleteTable", "with an explicit deny in a session policy", "take the role without it"),
        ("Admin", "dynamodb:DeletTable", "", "IAM has no such action; accepted: dynamodb:DeleteTable"),
        (
            "Admin", "dynamodb:DeleteTable", f"{IN_AN_SCP}: {SCP.replace('o-exampleorgid', 'o-otherorgid')}",
            "is of organization o-otherorgid, and these settings are about o-exampleorgid",
        ),
    ],
)  # fmt: skip
def test_what_the_policies_here_do_not_deny_is_said(role: str, action: str, how: str, problem: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        why(role, action, TABLE, how)
    assert problem in str(refusal.value)


def test_the_commands_that_tell_more_are_named() -> None:
    text = f"{IN_AN_SCP}: {SCP}. Call the API with the following authorization id: 1a2b"
    assert why("Admin", "dynamodb:DeleteTable", TABLE, text).notes == (
        "AWS tells which policy that is: aws organizations describe-policy --policy-id p-abcdefgh",
        "for a day AWS tells the values of the context keys: aws iam-toolbox get-request-authorization-details "
        "--authorization-id 1a2b",
    )


def test_a_message_without_its_resource_says_where_that_is_told_and_one_with_it_is_answered() -> None:
    caller = "User: arn:aws:sts::111122223333:assumed-role/Admin/ida is not authorized to perform: kms:Decrypt on"
    with pytest.raises(PolicyError, match="does not say on which resource kms:Decrypt was refused; CloudTrail's"):
        answered(parse(f"{caller} the resource associated with this ciphertext {IN_AN_SCP}"), SETTINGS, {})
    assert answered(parse(f"{caller} resource: {KEY} {IN_AN_SCP}"), SETTINGS, {}).reason.policy == "deny_strangers"


def test_what_hangs_on_which_key_an_id_is_is_said_to_be_a_guess() -> None:
    guessed = why("cruddur-operator", "kms:CreateGrant", KEY)
    key = KEY.rpartition(":")[2]
    assert guessed.guess == f"{key} is alias/cruddur-audit"
    (note,) = guessed.notes
    assert note.startswith(f"no template tells whether {key} is alias/cruddur-audit; of alias/cruddur-")
    assert note.endswith(f"; {SAYS_WHICH}")
    named = why("cruddur-operator", "kms:CreateGrant", KEY, kms_ResourceAliases="alias/cruddur-logs")
    assert (named.guess, named.notes) == ("", ())


def test_what_is_the_same_for_every_key_is_no_guess() -> None:
    answer = why("cruddur-operator", "kms:ScheduleKeyDeletion", KEY, IN_AN_SCP)
    assert (answer.guess, answer.reason.sid) == ("", "DenyKeyDestruction")
    assert len(answer.notes) == 1


def test_the_change_names_the_resource_as_the_message_does() -> None:
    answer = why("cruddur-operator", "kms:ScheduleKeyDeletion", KEY, IN_AN_SCP)
    assert resources_of(answer) == [KEY]
    named = why(
        "cruddur-operator", "kms:ScheduleKeyDeletion", KEY, IN_AN_SCP, KMS_resourcealiases="alias/cruddur-table"
    )
    assert named.explanation.request.resource.endswith(":key/table.TableKey")
    assert resources_of(named) == [KEY]


def resources_of(answer: Answer) -> list[str]:
    return [edit.added["Resource"] for edit in answer.change.edits if isinstance(edit.added, dict)]
