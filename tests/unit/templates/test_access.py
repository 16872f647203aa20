"""The access stack: who may take which role, and that each role has the documents it should have."""

from dataclasses import replace
from typing import Any

import pytest

from tableguard.policy import documents
from tableguard.settings import Settings, example
from templates import access as access_stack
from templates.builder import StackBuilder, _substituted
from tests.worlds.requirements import REMOVED, Requirement, Template, at, holds_and_breaks, is_set, of_type, stack
from tests.worlds.settings_files import EXAMPLES

PEOPLE = {
    "AuditorRole": "MessagesAuditor",
    "BreakGlassRole": "MessagesBreakGlass",
    "DeployerRole": "MessagesDeployer",
    "OperatorRole": "MessagesOperator",
}
RESERVED = "arn:aws:iam::${AWS::AccountId}:role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO"


def _trust(role: str) -> str:
    return f"Resources/{role}/Properties/AssumeRolePolicyDocument/Statement/0"


def _taken_by(role: str, permission_set: str) -> Requirement:
    def holds(template: Template) -> bool:
        trust = at(template, f"Resources/{role}/Properties/AssumeRolePolicyDocument/Statement")
        return [(one["Principal"], one["Action"], one["Condition"]) for one in trust] == [
            (
                {"AWS": [{"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}]},
                "sts:AssumeRole",
                {
                    "StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"},
                    "ArnLike": {"aws:PrincipalArn": [{"Fn::Sub": f"{RESERVED}_{permission_set}_{'?' * 16}"}]},
                },
            )
        ]

    spoils: tuple[tuple[str, Any], ...] = tuple(
        (f"{_trust(role)}/Condition/{operator}", REMOVED) for operator in ("StringEquals", "ArnLike")
    )
    wide = {"aws:PrincipalArn": [{"Fn::Sub": f"{RESERVED}_{permission_set}_*"}]}  # takes in the set NAME_OTHER
    return Requirement(
        f"{role} is taken from within the organization, with the permission set {permission_set} only",
        holds,
        (*spoils, (f"{_trust(role)}/Principal", {"AWS": "*"}), (f"{_trust(role)}/Condition/ArnLike", wide)),
    )


def _members_are_signed_in_to_this_pool(template: Template) -> bool:
    return bool(
        at(template, f"{_trust('MemberRole')}/Condition")
        == {
            "StringEquals": {"cognito-identity.amazonaws.com:aud": {"Ref": "IdentityPool"}},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
        }
    )


def _only_the_service_takes_it(role: str, service: str) -> Requirement:
    def holds(template: Template) -> bool:
        trust = at(template, f"Resources/{role}/Properties/AssumeRolePolicyDocument/Statement")
        own = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        return [(one["Principal"], one["Action"], one.get("Condition")) for one in trust] == [
            ({"Service": service}, "sts:AssumeRole", own)
        ]

    return Requirement(
        f"only {service}, for this account, takes {role}",
        holds,
        ((f"{_trust(role)}/Principal", {"AWS": "*"}), (f"{_trust(role)}/Condition", REMOVED)),
    )


SERVICES = {
    "FunctionRole": "lambda.amazonaws.com",
    "BackupRole": "backup.amazonaws.com",
    "FlowLogRole": "vpc-flow-logs.amazonaws.com",
}

REQUIREMENTS = [
    *(_only_the_service_takes_it(role, service) for role, service in SERVICES.items()),
    is_set(
        "only CloudTrail takes the role of the trail",
        f"{_trust('TrailRole')}/Principal",
        {"Service": "cloudtrail.amazonaws.com"},
    ),
    *(
        is_set(
            f"{role} stays within the boundary",
            f"Resources/{role}/Properties/PermissionsBoundary",
            {"Ref": "Boundary"},
        )
        for role in (*SERVICES, "TrailRole")
    ),
    is_set(
        "the function's role has its one policy",
        "Resources/FunctionRole/Properties/ManagedPolicyArns",
        [{"Ref": "FunctionRolePolicy"}],
    ),
    *(_taken_by(role, permission_set) for role, permission_set in PEOPLE.items()),
    *(
        is_set(f"{role} lasts an hour at most", f"Resources/{role}/Properties/MaxSessionDuration", 3600)
        for role in PEOPLE
    ),
    is_set(
        "only this account's containers take the application's role",
        f"{_trust('ApplicationRole')}/Condition",
        {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            "ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:*"}},
        },
    ),
    is_set(
        "the application stays within the boundary",
        "Resources/ApplicationRole/Properties/PermissionsBoundary",
        {"Ref": "Boundary"},
    ),
    is_set(
        "members stay within the boundary", "Resources/MemberRole/Properties/PermissionsBoundary", {"Ref": "Boundary"}
    ),
    Requirement(
        "only those who signed in to this identity pool take the members' role",
        _members_are_signed_in_to_this_pool,
        (
            (f"{_trust('MemberRole')}/Condition/StringEquals", REMOVED),
            (f"{_trust('MemberRole')}/Condition/ForAnyValue:StringLike", REMOVED),
        ),
    ),
    is_set(
        "nobody gets credentials without signing in",
        "Resources/IdentityPool/Properties/AllowUnauthenticatedIdentities",
        False,
    ),
    is_set("credentials come by the enhanced flow only", "Resources/IdentityPool/Properties/AllowClassicFlow", False),
    is_set(
        "members sign in to the user pool of the settings, whose word is checked each time",
        "Resources/IdentityPool/Properties/CognitoIdentityProviders",
        [
            {
                "ProviderName": {"Fn::Sub": "cognito-idp.${AWS::Region}.amazonaws.com/eu-central-1_Example01"},
                "ClientId": "1example23456789",
                "ServerSideTokenCheck": True,
            }
        ],
    ),
    is_set(
        "a member's session is tagged with what the user pool calls the member",
        "Resources/MemberTag/Properties/PrincipalTags",
        {"user_uuid": "sub"},
    ),
    is_set(
        "members get the members' role",
        "Resources/MemberRoleAttachment/Properties/Roles",
        {"authenticated": {"Fn::GetAtt": ["MemberRole", "Arn"]}},
    ),
]


@pytest.fixture(scope="module")
def access() -> Template:
    return stack("access")


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "access")


def test_roles_and_policies_have_the_names_that_the_documents_speak_of(access: Template) -> None:
    roles = {role["RoleName"] for role in of_type(access, "AWS::IAM::Role").values()}
    people = ("auditor", "deployer", "break-glass", "member-services", "operator")
    services = ("backup", "flow", "pattern-d", "trail")
    assert roles == {f"cruddur-{name}" for name in (*people, *services, "application", "identity-pool-user")}
    assert at(access, "Resources/Boundary/Properties/ManagedPolicyName") == "cruddur-boundary"


def test_the_function_has_the_policy_of_the_policies_folder(access: Template) -> None:
    expected = StackBuilder(example(), "a test").policy_with_pseudo_parameters("role", "stream_function")
    document = at(access, "Resources/FunctionRolePolicy/Properties/PolicyDocument")
    assert [one["Sid"] for one in document["Statement"]] == [one["Sid"] for one in expected["Statement"]]


@pytest.mark.parametrize("name", ["audit", "network", "table", "stream", "config"])
def test_whoever_deploys_the_other_stacks_makes_no_role_and_no_policy(name: str) -> None:
    types = {resource["Type"] for resource in stack(name)["Resources"].values()}
    assert not {kind for kind in types if kind.startswith("AWS::IAM::")}


def test_an_existing_vpc_needs_no_role_for_flow_logs() -> None:
    names = {role["RoleName"] for role in of_type(stack("access", example("existing-vpc")), "AWS::IAM::Role").values()}
    assert "chatter-flow" not in names
    assert "chatter-trail" in names


def test_the_exempt_roles_of_the_settings_are_made_here(access: Template) -> None:
    settings = example()
    names = {role["RoleName"] for role in of_type(access, "AWS::IAM::Role").values()}
    exempt = {arn.rpartition("/")[2] for arn in (*settings.exempt_roles, *settings.break_glass_roles)}
    assert exempt <= names


@pytest.mark.parametrize(
    "role", ["application", "auditor", "break_glass", "deployer", "identity_pool_user", "operator"]
)
def test_each_role_has_exactly_its_documents_of_the_policies_folder(access: Template, role: str) -> None:
    named = [name for name in documents.names("role") if name == role or name.startswith(f"{role}_")]
    # the example has neither a message key, nor the former index, nor an optional stack that takes a document
    left_out = ("_buckets", "_cache", "_encryption", "_migration", "_onprem")
    wanted = [name for name in named if not name.endswith(left_out)]
    build = StackBuilder(example(), "a test").policy_with_pseudo_parameters
    sids = [[one["Sid"] for one in build("role", name)["Statement"]] for name in wanted]
    roles = {one["RoleName"]: one for one in of_type(access, "AWS::IAM::Role").values()}
    attached = [
        at(access, f"Resources/{one['Ref']}/Properties")
        for one in roles[f"cruddur-{role.replace('_', '-')}"]["ManagedPolicyArns"]
    ]
    assert [[one["Sid"] for one in policy["PolicyDocument"]["Statement"]] for policy in attached] == sids
    assert [policy["ManagedPolicyName"] for policy in attached] == [f"cruddur-{n.replace('_', '-')}" for n in wanted]
    assert 1 <= len(attached) <= 10  # as many as IAM attaches to a role


def test_variables_of_iam_reach_iam_untouched() -> None:
    def texts(node: Any) -> list[str]:
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
        return [node] if isinstance(node, str) else [text for one in inner for text in texts(one)]

    member = at(stack("access"), "Resources/MemberRolePolicy/Properties/PolicyDocument")
    variables = [text for text in texts(member) if "aws:PrincipalTag" in text]
    assert variables == ["GRP#${aws:PrincipalTag/user_uuid}"]


def test_a_variable_of_iam_beside_one_of_cloudformation_is_escaped() -> None:
    escaped = _substituted("arn:aws:s3:::b-${AWS::AccountId}/${aws:username}")
    assert escaped.to_dict() == {"Fn::Sub": "arn:aws:s3:::b-${AWS::AccountId}/${!aws:username}"}


def _trust_statements(role: str, settings: str) -> Any:
    return at(stack("access", example(settings)), f"Resources/{role}/Properties/AssumeRolePolicyDocument/Statement")


def test_of_another_account_only_the_taker_itself_is_let_in() -> None:
    (auditors,) = _trust_statements("AuditorRole", "existing-vpc")
    assert auditors["Principal"] == {"AWS": ["arn:aws:iam::444455556666:role/SecurityAudit"]}
    assert auditors["Condition"]["ArnLike"] == {"aws:PrincipalArn": ["arn:aws:iam::444455556666:role/SecurityAudit"]}


@pytest.mark.parametrize(("settings", "takers"), [("default", 0), ("existing-vpc", 1)])
def test_beside_its_containers_only_takers_that_are_named_take_the_application(settings: str, takers: int) -> None:
    containers, *others = _trust_statements("ApplicationRole", settings)
    assert containers["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert len(others) == takers


@pytest.mark.parametrize("former_index", [True, False])
def test_the_operator_may_change_groups_only_while_rows_may_have_to_be_moved(former_index: bool) -> None:
    policies = of_type(stack("access", replace(example(), former_index=former_index)), "AWS::IAM::ManagedPolicy")
    names = {policy["ManagedPolicyName"] for policy in policies.values()}
    assert ("cruddur-operator-migration" in names) == former_index
    assert "cruddur-operator" in names


@pytest.mark.parametrize("optional", ["onprem", "config"])
def test_the_deployer_links_the_network_only_where_that_is_wanted(optional: str) -> None:
    settings = replace(example("complete"), optional_stacks=(optional,))
    policies = of_type(stack("access", settings), "AWS::IAM::ManagedPolicy")
    names = {policy["ManagedPolicyName"] for policy in policies.values()}
    assert (f"{settings.name}-deployer-onprem" in names) == (optional == "onprem")
    # what is linked, and who signed in, is taken away when it is wanted no longer
    assert {f"{settings.name}-break-glass-{what}" for what in ("links", "user-pool")} <= names


@pytest.mark.parametrize("optional", ["login", "config"])
def test_member_services_looks_up_the_user_pool_only_where_a_stack_makes_it(optional: str) -> None:
    settings = replace(example("complete"), optional_stacks=(optional,))
    policies = of_type(stack("access", settings), "AWS::IAM::ManagedPolicy")
    names = {policy["ManagedPolicyName"] for policy in policies.values()}
    assert (f"{settings.name}-member-services-login" in names) == (optional == "login")


@pytest.mark.parametrize("example_name", EXAMPLES)
def test_a_document_that_comes_or_goes_renames_no_other_policy(
    monkeypatch: pytest.MonkeyPatch, example_name: str
) -> None:
    # a policy of another logical id and the same name is refused: CloudFormation makes the new before the old goes
    settings = example(example_name)
    before = _policies(settings)
    assert before["BreakGlassRolePolicyEvidence"] == "break-glass-evidence"
    every, gone = documents.names("role"), "break_glass_evidence"
    monkeypatch.setattr(documents, "names", lambda _: tuple(name for name in every if name != gone))
    assert _policies(settings) == {key: name for key, name in before.items() if name != "break-glass-evidence"}


def _policies(settings: Settings) -> dict[str, str]:
    policies = of_type(access_stack.template(settings).to_dict(), "AWS::IAM::ManagedPolicy")
    return {key: one["ManagedPolicyName"].removeprefix(f"{settings.name}-") for key, one in policies.items()}


@pytest.mark.parametrize("optional", ["bootstrap", "config"])
def test_break_glass_reaches_the_buckets_of_deploying_only_where_a_stack_makes_them(optional: str) -> None:
    settings = replace(example("complete"), optional_stacks=(optional,))
    policies = of_type(stack("access", settings), "AWS::IAM::ManagedPolicy")
    names = {policy["ManagedPolicyName"] for policy in policies.values()}
    assert (f"{settings.name}-break-glass-buckets" in names) == (optional == "bootstrap")
