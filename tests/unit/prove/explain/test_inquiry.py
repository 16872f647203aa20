"""A request as a person writes it becomes the one that AWS sees, or is refused with what AWS has instead."""

from dataclasses import replace

import pytest

from tableguard.errors import PolicyError
from tableguard.prove.explain.explanation import Explanation, explained
from tableguard.prove.explain.inquiry import Inquiry
from tableguard.settings import Settings
from tableguard.stacks.registry import enabled_stacks
from tests.worlds.explanations import ENCRYPTED, PLAIN, explanation


def test_a_key_is_named_by_its_alias() -> None:
    answer = explanation("kms:Decrypt alias/cruddur-table", settings=PLAIN)
    assert answer.request.resource == "arn:aws:kms:eu-central-1:111122223333:key/table.TableKey"
    assert answer.request.context["kms:ResourceAliases"] == ("alias/cruddur-table",)


def test_an_alias_is_added_to_the_aliases_that_are_given() -> None:
    answer = explanation("kms:Decrypt alias/cruddur-table", context={"KMS:ResourceAliases": "alias/cruddur-other"})
    assert answer.request.keys()["kms:resourcealiases"] == ("alias/cruddur-table", "alias/cruddur-other")


def test_a_keys_id_with_one_of_the_stacks_aliases_is_that_key() -> None:
    aliases = {"kms:ResourceAliases": "alias/cruddur-backup"}
    assert explanation("kms:Decrypt key/1234", context=aliases).request.resource.endswith(":key/table.BackupKey")
    others = explanation("kms:Decrypt key/1234", context={"kms:ResourceAliases": "alias/theirs"})
    assert others.request.resource.endswith(":key/1234")


@pytest.mark.parametrize(
    "settings", [ENCRYPTED, replace(PLAIN, optional_stacks=("guardrails",)), replace(PLAIN, name="others")]
)
def test_the_aliases_that_are_accepted_are_those_of_the_stacks(settings: Settings) -> None:
    own = [stack for stack in enabled_stacks(settings) if stack.account(settings) == settings.account_id]
    resources = [one for stack in own for one in stack.template(settings).to_dict()["Resources"].values()]
    made = sorted(one["Properties"]["AliasName"] for one in resources if one["Type"] == "AWS::KMS::Alias")
    with pytest.raises(PolicyError) as refusal:
        explanation("kms:Decrypt alias/none", settings=settings)
    assert str(refusal.value).endswith(f"accepted, in {settings.home_region}: {', '.join(made)}")


@pytest.mark.parametrize(
    ("resource", "settings"),
    [
        ("alias/cruddur-messages", PLAIN),  # whose stacks make no message key
        ("alias/cruddur-message", ENCRYPTED),
        ("arn:aws:kms:us-east-1:<account-id>:alias/cruddur-messages", ENCRYPTED),
        ("arn:aws:kms:<home-region>:444455556666:alias/cruddur-messages", ENCRYPTED),
    ],
)
def test_an_alias_that_the_stacks_do_not_make_is_refused(resource: str, settings: Settings) -> None:
    with pytest.raises(PolicyError, match="no key of these settings has this alias; accepted, in "):
        explanation(f"kms:Decrypt {resource}", settings=settings)


@pytest.mark.parametrize("alias", ["alias/cruddur-messages", "alias/others"])
def test_an_action_on_aliases_keeps_the_alias_for_its_resource(alias: str) -> None:
    assert explanation(f"kms:DeleteAlias {alias}").request.resource.endswith(f":{alias}")


@pytest.mark.parametrize("action", ["sts:AssumeRole", "STS:assumerole", "sts:TagSession"])
def test_a_role_that_sts_acts_on_is_named_by_its_last_part(action: str) -> None:
    short = explanation(f"{action} role/cruddur-break-glass")
    assert short.request.resource == "arn:aws:iam::111122223333:role/cruddur-break-glass"
    assert not short.decision.allowed


def test_what_is_no_role_sts_does_not_act_on() -> None:
    with pytest.raises(PolicyError, match=r"sts:AssumeRole does not act on 'roles/a'; accepted: role/<RoleName"):
        explanation("sts:AssumeRole roles/a")


def test_a_resource_whose_id_only_aws_knows_is_named_by_its_stack_and_has_its_tags() -> None:
    answer = explanation("ec2:DeleteTags network.Vpc")
    assert answer.request.resource.endswith(":vpc/network.Vpc")
    assert answer.request.context["aws:ResourceTag/Application"] == "cruddur"
    assert not answer.decision.allowed
    with pytest.raises(PolicyError, match=r"does not act on 'network.Nothing'"):
        explanation("ec2:DeleteTags network.Nothing")


@pytest.mark.parametrize(
    ("call", "region"),
    [
        ("iam:GetRole role/a", "us-east-1"),
        ("account:EnableRegion *", "us-east-1"),
        ("kms:ListKeys *", "eu-central-1"),
        ("iam:PassRole role/a", "eu-central-1"),
    ],
)
def test_a_call_of_a_global_service_goes_to_its_region(call: str, region: str) -> None:
    assert explanation(call).request.context["aws:RequestedRegion"] == region


def test_a_request_through_a_service_says_so() -> None:
    through = explanation("kms:ListKeys *", context={"kms:ViaService": "dynamodb.eu-central-1.amazonaws.com"})
    assert through.request.context["aws:ViaAWSService"] == "true"
    assert explanation("kms:ListKeys *", context={}).request.context["aws:ViaAWSService"] == "false"


def plain(call: str, region: str = "", **context: str) -> Explanation:
    action, _, resource = call.partition(" ")
    of_aws = {f"aws:{key}": value for key, value in context.items()}
    return explained(Inquiry("role/Admin", action, resource, region, of_aws), PLAIN)


ELSEWHERE = "arn:aws:dynamodb:us-east-1:<account-id>:table/others"


@pytest.mark.parametrize(
    ("call", "region", "requested"),
    [
        (f"dynamodb:CreateTable {ELSEWHERE}", "", "us-east-1"),
        ("dynamodb:CreateTable table/others", "", "eu-central-1"),
        ("dynamodb:CreateTable arn:aws:dynamodb:<home-region>:<account-id>:table/others", "", "eu-central-1"),
        ("dynamodb:CreateTable arn:aws:dynamodb:*:<account-id>:table/others", "", "eu-central-1"),
        (f"dynamodb:CreateTable {ELSEWHERE}", "eu-west-1", "eu-west-1"),
        ("iam:DeleteRole role/x", "", "us-east-1"),
        ("iam:PassRole role/x", "", "eu-central-1"),
    ],
)
def test_a_request_goes_to_the_region_of_its_resource_unless_another_is_written(
    call: str, region: str, requested: str
) -> None:
    assert plain(call, region).request.context["aws:RequestedRegion"] == requested


def test_a_request_outside_the_regions_is_denied_by_what_locks_them() -> None:
    sentence = plain(f"dynamodb:CreateTable {ELSEWHERE}").sentence
    assert "DenyOffRegionCalls" in sentence


def test_a_region_that_is_written_as_context_is_the_region() -> None:
    request = plain("dynamodb:CreateTable table/others", RequestedRegion="us-east-1").request
    assert request.resource.startswith("arn:aws:dynamodb:us-east-1:")
    assert plain("dynamodb:CreateTable table/others", "us-east-1", RequestedRegion="us-east-1").request == request
    with pytest.raises(PolicyError, match="aws:RequestedRegion is us-east-1, and the region is eu-west-1: write one"):
        plain("dynamodb:CreateTable table/others", "eu-west-1", RequestedRegion="us-east-1")


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        ("arn:aws-cn:dynamodb:cn-north-1:<account-id>:table/x", "of partition aws-cn; accepted: arn:aws:"),
        ("table/a\nb", "accepted: a name of printable characters"),
    ],
)
def test_a_resource_that_no_request_here_names_is_refused(resource: str, problem: str) -> None:
    with pytest.raises(PolicyError, match=problem) as refusal:
        plain(f"dynamodb:Query {resource}")
    assert "\n" not in str(refusal.value)
