"""Who may do what: the permissions boundary, the roles of people and services, and the members' identity pool."""

from typing import Any

from troposphere import GetAtt, Ref, Sub, Template, cognito, iam

from tableguard.policy import documents
from tableguard.settings import Settings
from templates import parts, service_roles

HOUR = 3600


def template(settings: Settings) -> Template:
    """The boundary, the roles and the identity pool; an administrator deploys it with CAPABILITY_NAMED_IAM."""
    template = parts.new_template(settings, "permissions boundary, roles and the members' identity pool")
    boundary = parts.managed_policy(
        template,
        settings,
        "Boundary",
        "boundary",
        "The most that a role made for this workload can do, whatever its own policies say",
        policy=parts.policy_document(settings, "role", "boundary"),
    )
    parts.export(template, settings, "BoundaryArn", Ref(boundary), "Boundary of every role made for this workload")
    _application(template, settings, boundary)
    _people(template, settings)
    _members(template, settings, boundary)
    service_roles.add(template, settings, boundary)
    # No role for DAX: nothing here runs a cluster, and a role that nobody needs is one more to take. The stack that
    # adds a cluster needs it from whoever deploys this one: policies/role/dax.
    return template


def _application(template: Template, settings: Settings, boundary: iam.ManagedPolicy) -> None:
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    trust = parts.service_trust("ecs-tasks.amazonaws.com")
    trust["Statement"][0]["Condition"]["ArnLike"] = {
        "aws:SourceArn": Sub("arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:*")
    }
    says = "The application: its containers send and list messages"
    _role(template, settings, "application", says, trust, PermissionsBoundary=Ref(boundary))


def _people(template: Template, settings: Settings) -> None:
    # Who of the account's people may take these roles is said where the people are, in their own permission to
    # sts:AssumeRole. None has the boundary: it is the measure of what services and the application do, not people.
    _role(
        template,
        settings,
        "auditor",
        "An auditor: reads every configuration, no message, and changes nothing",
        _trust_of_people(settings),
    )
    _role(
        template,
        settings,
        "deployer",
        "Deploys the stacks; cannot read messages, destroy the table or widen its own permissions",
        _trust_of_people(settings),
    )
    # Fresh MFA, and an hour at most: what the guardrails deny to everybody else, these two can do.
    _role(
        template,
        settings,
        "operator",
        "Verifies and mends conversation rows, redrives failed batches; every taking of it raises an alarm",
        _trust_with_fresh_mfa(settings),
    )
    _role(
        template,
        settings,
        "break-glass",
        "For emergencies: may destroy what the guardrails protect; every use raises an alarm",
        _trust_with_fresh_mfa(settings),
    )


def _trust_with_fresh_mfa(settings: Settings) -> dict[str, Any]:
    return _trust_of_people(
        settings, Bool={"aws:MultiFactorAuthPresent": "true"}, NumericLessThan={"aws:MultiFactorAuthAge": str(HOUR)}
    )


def _trust_of_people(settings: Settings, **conditions: Any) -> dict[str, Any]:
    """The account's own principals, while the account is in the organization and so under its guardrails."""
    return parts.document(
        {
            "Sid": "TakenByPeopleOfTheAccount",
            "Effect": "Allow",
            "Principal": {"AWS": parts.account_root()},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": settings.organization_id}, **conditions},
        }
    )


def _role(template: Template, settings: Settings, name: str, says: str, trust: dict[str, Any], **more: Any) -> None:
    title = _title(name)
    role = parts.role(
        template,
        settings,
        f"{title}Role",
        name,
        says,
        trust=trust,
        policies=_documents(settings, name),
        MaxSessionDuration=HOUR,
        **more,
    )
    parts.export(template, settings, f"{title}RoleArn", GetAtt(role, "Arn"), says)


def _documents(settings: Settings, name: str) -> dict[str, dict[str, Any]]:
    """Policy name -> document: role/<name>, and role/<name>_* where one managed policy is too small for it.

    role/<name>_encryption is for whom the message key exists.
    """
    stem = name.replace("-", "_")
    left_out = set() if settings.client_side_encryption else {f"{stem}_encryption"}
    named = [role for role in documents.names("role") if role == stem or role.startswith(f"{stem}_")]
    found = [role for role in named if role not in left_out] or [stem]
    return {role.replace("_", "-"): parts.policy_document(settings, "role", role) for role in found}


def _title(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))


def _members(template: Template, settings: Settings, boundary: iam.ManagedPolicy) -> None:
    provider = Sub(f"cognito-idp.${{AWS::Region}}.amazonaws.com/{settings.user_pool_id}")
    pool = template.add_resource(
        cognito.IdentityPool(
            "IdentityPool",
            IdentityPoolName=f"{settings.name}-members",
            AllowUnauthenticatedIdentities=False,
            AllowClassicFlow=False,
            CognitoIdentityProviders=[
                cognito.CognitoIdentityProvider(
                    ProviderName=provider,
                    ClientId=settings.client_id,
                    ServerSideTokenCheck=True,  # a member signed out or disabled gets no credentials
                )
            ],
            IdentityPoolTags=parts.tags(settings),
        )
    )
    # The partition a member may read is named by `sub`: given by the user pool, never changed, and not the member's to
    # choose, as a custom attribute could be.
    # https://docs.aws.amazon.com/cognito/latest/developerguide/using-afac-with-cognito-identity-pools.html
    template.add_resource(
        cognito.IdentityPoolPrincipalTag(
            "MemberTag",
            IdentityPoolId=Ref(pool),
            IdentityProviderName=provider,
            UseDefaults=False,
            PrincipalTags={"user_uuid": "sub"},
        )
    )
    says = "A member who is signed in: reads the own conversations and nothing else"
    role = parts.role(
        template,
        settings,
        "MemberRole",
        "identity-pool-user",
        says,
        trust=_trust_of_members(pool),
        policies=_documents(settings, "identity-pool-user"),
        PermissionsBoundary=Ref(boundary),
        MaxSessionDuration=HOUR,
    )
    template.add_resource(
        cognito.IdentityPoolRoleAttachment(
            "MemberRoleAttachment", IdentityPoolId=Ref(pool), Roles={"authenticated": GetAtt(role, "Arn")}
        )
    )
    parts.export(template, settings, "IdentityPoolId", Ref(pool), "Identity pool of the application's members")


def _trust_of_members(pool: cognito.IdentityPool) -> dict[str, Any]:
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
