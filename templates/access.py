"""Access: the permissions boundary, the roles of people and services, and the members' identity pool."""

from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, cognito, iam

from tableguard.policy import documents
from tableguard.settings import ExistingLogin, Settings
from templates import parts
from templates.builder import StackBuilder
from templates.sections import service_roles

Document = dict[str, Any]

HOUR = 3600


def template(settings: Settings) -> Template:
    """Build the boundary, the roles and the identity pool; an administrator deploys it with CAPABILITY_NAMED_IAM."""
    stack = StackBuilder(settings, "permissions boundary, roles and the members' identity pool")
    boundary = stack.managed_policy(
        "Boundary",
        name="boundary",
        description="The most that a role made for this workload can do, whatever its own policies say",
        document=stack.policy_with_pseudo_parameters("role", "boundary"),
    )
    stack.export("BoundaryArn", value=Ref(boundary), description="Boundary of every role made for this workload")
    _application(stack, boundary)
    _people(stack)
    if settings.login is not None:
        _members(stack, boundary)
    service_roles.add(stack, boundary)
    return stack.template


def _application(stack: StackBuilder, boundary: iam.ManagedPolicy) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    trust = parts.service_trust("ecs-tasks.amazonaws.com")
    trust["Statement"][0]["Condition"]["ArnLike"] = {
        "aws:SourceArn": Sub("arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:*")
    }
    if stack.settings.takers.application:
        trust["Statement"].append(_trust_of_takers(stack, "application"))
    _role(
        stack,
        "application",
        description="The application: its containers send and list messages",
        trust=trust,
        PermissionsBoundary=Ref(boundary),
    )


def _people(stack: StackBuilder) -> None:
    # None has the boundary: it is the measure of what services and the application do, not people. Operator and
    # break-glass last an hour at most, as every role does that a role takes.
    _role(
        stack,
        "auditor",
        description="An auditor: reads the workload's configuration, no message, and changes nothing",
        trust=parts.document(_trust_of_takers(stack, "auditor")),
    )
    _role(
        stack,
        "deployer",
        description="Deploys the stacks; cannot read messages, destroy the table or widen its own permissions",
        trust=parts.document(_trust_of_takers(stack, "deployer")),
    )
    _role(
        stack,
        "operator",
        description="Verifies and mends conversation rows, redrives failed batches; every taking of it raises an alarm",
        trust=parts.document(_trust_of_takers(stack, "operator")),
    )
    if stack.settings.takers.member_services:
        _role(
            stack,
            "member-services",
            description="Makes and closes accounts, exports and erases people; every taking of it raises an alarm",
            trust=parts.document(_trust_of_takers(stack, "member-services")),
        )
    _role(
        stack,
        "break-glass",
        description="For emergencies: may destroy what the guardrails protect; every use raises an alarm",
        trust=parts.document(_trust_of_takers(stack, "break-glass")),
        # It deletes this stack but not itself: what the guardrails protect outlives the stack, and is its alone.
        **parts.RETAINED,
    )


def _role(stack: StackBuilder, name: str, *, description: str, trust: Document, **more: Any) -> None:
    """Add a role with its documents of policies/role, and export its ARN."""
    title = f"{name.title().replace('-', '')}Role"
    role = stack.role(
        title,
        name=name,
        description=description,
        trust=trust,
        policies=_documents(stack, name),
        MaxSessionDuration=HOUR,
        **more,
    )
    stack.export(f"{title}Arn", value=GetAtt(role, "Arn"), description=description)


def _documents(stack: StackBuilder, name: str) -> dict[str, Document]:
    """Return policy name -> document: role/<name>, and role/<name>_* where one managed policy is too small for it.

    role/<name>_encryption is for whom the message key exists, role/<name>_migration while rows may have to be moved,
    role/<name>_cache where there is one, and role/<name>_buckets, role/<name>_login and role/<name>_onprem where these
    stacks are wanted.
    """
    stem = name.replace("-", "_")
    candidates = [role for role in documents.names("role") if role == stem or role.startswith(f"{stem}_")]
    needed = {
        "buckets": "bootstrap" in stack.settings.optional_stacks,
        "cache": stack.settings.cache is not None,
        "encryption": stack.settings.client_side_encryption,
        "login": "login" in stack.settings.optional_stacks,
        "migration": stack.settings.former_index,
        "onprem": "onprem" in stack.settings.optional_stacks,
    }
    left_out = {f"{stem}_{name}" for name, is_needed in needed.items() if not is_needed}
    roles = [role for role in candidates if role not in left_out] or [stem]
    return {role.replace("_", "-"): stack.policy_with_pseudo_parameters("role", role) for role in roles}


def _trust_of_takers(stack: StackBuilder, role: str) -> parts.Statement:
    """Return the statement that lets the settings' takers, and nobody else, take a role from within the organization.

    No condition asks for a second factor: credentials of a role, and so of IAM Identity Center, never say that there
    was one. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    takers = stack.settings.takers_of(role)
    own_account = f"arn:{stack.settings.partition}:iam::{stack.settings.account_id}:"
    # the own account as principal, and its roles in the condition alone: a role that is named as principal must exist
    # beforehand, and a permission set's name is known but for its end; of another account only the role is let in
    principals = dict.fromkeys(f"{own_account}root" if taker.startswith(own_account) else taker for taker in takers)
    return {
        "Sid": "TakenByThoseTheSettingsName",
        "Effect": "Allow",
        "Principal": {"AWS": [_of_any_account(stack, principal) for principal in sorted(principals)]},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": stack.with_pseudo_parameters({"aws:PrincipalOrgID": "<organization-id>"}, "trust policy"),
            "ArnLike": {"aws:PrincipalArn": [_of_any_account(stack, taker) for taker in takers]},
        },
    }


def _of_any_account(stack: StackBuilder, arn: str) -> parts.Value:
    """Return an ARN with CloudFormation's own account in place of the workload's, so that the template fits any."""
    own = f"::{stack.settings.account_id}:"
    return Sub(arn.replace(own, "::${AWS::AccountId}:")) if own in arn else arn


def _members(stack: StackBuilder, boundary: iam.ManagedPolicy) -> None:
    pool = _identity_pool(stack)
    role = stack.role(
        "MemberRole",
        name="identity-pool-user",
        description="A member who is signed in: reads the own conversations and nothing else",
        trust=_trust_of_members(pool),
        policies=_documents(stack, "identity-pool-user"),
        PermissionsBoundary=Ref(boundary),
        MaxSessionDuration=HOUR,
    )
    stack.add(
        cognito.IdentityPoolRoleAttachment(
            "MemberRoleAttachment", IdentityPoolId=Ref(pool), Roles={"authenticated": GetAtt(role, "Arn")}
        )
    )
    stack.export("IdentityPoolId", value=Ref(pool), description="Identity pool of the application's members")


def _identity_pool(stack: StackBuilder) -> cognito.IdentityPool:
    provider, client = _provider(stack)
    pool = stack.add(
        cognito.IdentityPool(
            "IdentityPool",
            IdentityPoolName=stack.named("members"),
            AllowUnauthenticatedIdentities=False,
            AllowClassicFlow=False,
            CognitoIdentityProviders=[
                cognito.CognitoIdentityProvider(
                    ProviderName=provider,
                    ClientId=client,
                    ServerSideTokenCheck=True,  # a member signed out or disabled gets no credentials
                )
            ],
            IdentityPoolTags=stack.tags(),
        )
    )
    # The partition a member may read is named by `sub`: given by the user pool, never changed, and not the member's to
    # choose, as a custom attribute could be.
    # https://docs.aws.amazon.com/cognito/latest/developerguide/using-afac-with-cognito-identity-pools.html
    stack.add(
        cognito.IdentityPoolPrincipalTag(
            "MemberTag",
            IdentityPoolId=Ref(pool),
            IdentityProviderName=provider,
            UseDefaults=False,
            PrincipalTags={"user_uuid": "sub"},
        )
    )
    return pool


def _provider(stack: StackBuilder) -> tuple[parts.Value, parts.Value]:
    """Return who says who a member is, and to which client: the settings' user pool, or that of the stack `login`."""
    login = stack.settings.login
    if isinstance(login, ExistingLogin):
        return Sub(f"cognito-idp.${{AWS::Region}}.amazonaws.com/{login.user_pool_id}"), login.client_id
    return stack.imported("UserPoolProvider"), stack.imported("UserPoolClientId")


def _trust_of_members(pool: cognito.IdentityPool) -> Document:
    # https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
    return parts.document(
        {
            "Sid": "TakenByMembersWhoAreSignedIn",
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": {
                "StringEquals": {"cognito-identity.amazonaws.com:aud": Ref(pool)},
                "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
            },
        }
    )
