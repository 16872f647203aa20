"""The account of the settings: its roles as the access stack makes them, and the resources that sequences lead over."""

from collections.abc import Iterator, Mapping

from tableguard.policy import worlds
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.statements import Policy, policy
from tableguard.prove.preflight.template import Plan, PlannedResource
from tableguard.prove.reach import names
from tableguard.prove.reach.account import Account, PolicyHolder, Thing, outsider
from tableguard.prove.shipped import together
from tableguard.settings import TAKEN_ROLES, Settings
from tableguard.stacks.registry import find_stack

_STACKS = ("access", "stream")
_IDENTITY_CENTER = "saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
_KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"  # AWS's own example: the id is known only once the key is made
_POOL_ID = "eu-central-1:1234abcd-12ab-34cd-56ef-1234567890ab"  # likewise


def account_of(policies: PolicySet) -> Account:
    """Return the account of the settings under the shipped guardrails, with every role of the access stack."""
    settings = policies.settings
    world = together.world_of(None, None, False, policies)
    plan = Plan(settings, {name: find_stack(name).document(settings) for name in _STACKS}, stands_in=True)
    managed = _managed_policies(plan, policies)
    roles = {role.arn: role for role in (*_not_made(policies, managed), *_roles(plan, managed))}
    things = {thing.arn: thing for thing in _things(plan, policies)}
    prefix = f"arn:{settings.partition}:iam::{settings.account_id}:"
    # what a taker may do by its own policies no document says
    takers = {arn: PolicyHolder(arn, (worlds.ADMINISTRATOR,)) for arn in _takers(settings)}
    documents = [role.trust for role in roles.values()] + [thing.policy for thing in things.values()]
    readable = [*roles, *takers, f"{prefix}role/Admin", f"{prefix}user/mina"]
    written = [document for document in documents if document is not None]
    unwritten = names.representatives(prefix, world, written, readable)
    federated = f"arn:{settings.partition}:sts::{settings.account_id}:federated-user/mina"
    outside = outsider(policies.estate)
    others = {arn: PolicyHolder(arn, exists=False) for arn in (*unwritten, f"{prefix}root", federated, outside)}
    holders = {**others, **takers, **roles}
    return Account(policies.estate, world, holders, things)


def _managed_policies(plan: Plan, policies: PolicySet) -> dict[str, Policy]:
    """Return the managed policies of the access stack by their ARNs."""
    return {
        resource.arn: _policy(
            resource, "PolicyDocument", _document(str(resource.physical_name), policies), resource.arn
        )
        for resource in plan.resources["access"].values()
        if resource.resource_type == "AWS::IAM::ManagedPolicy" and resource.arn is not None
    }


def _roles(plan: Plan, managed: Mapping[str, Policy]) -> Iterator[PolicyHolder]:
    for resource in plan.resources["access"].values():
        if resource.resource_type != "AWS::IAM::Role" or resource.arn is None:
            continue
        attached = resource.value("ManagedPolicyArns") or ()
        boundary = managed.get(str(resource.value("PermissionsBoundary")))
        trust = _policy(resource, "AssumeRolePolicyDocument", f"trust policy of {resource.physical_name}")
        own = tuple(managed[arn] for arn in attached if arn in managed)
        yield PolicyHolder(resource.arn, (*own, *_inline(resource)), boundary, trust)


def _document(name: str, policies: PolicySet) -> str:
    """Return the place of the document that a managed policy is made from; its own name if it has none."""
    document = name.removeprefix(f"{policies.settings.name}-").replace("-", "_")
    return f"role/{document}.json" if document in policies.policies["role"] else name


def _not_made(policies: PolicySet, managed: Mapping[str, Policy]) -> Iterator[PolicyHolder]:
    """Yield the roles that policies/ describe, as whoever adds those that no stack makes would make them.

    Such a role is for the service of its name: nothing says whom it trusts.
    """
    by_name = policies.policies["role"]
    (boundary,) = (own for own in managed.values() if own.name == "role/boundary.json")
    for name, role in together.load().roles.items():
        own = tuple(by_name[document] for document in role.policies)
        trust = {"Effect": "Allow", "Principal": {"Service": f"{name}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = policy(
            f"trust policy of {name}", {"Version": "2012-10-17", "Statement": [{"Sid": "Trust", **trust}]}
        )
        yield PolicyHolder(policies.settings.role_arn(name), own, boundary if role.bounded else None, document)


def _inline(resource: PlannedResource) -> Iterator[Policy]:
    for entry in resource.value("Policies") or ():
        yield policy(f"{resource.physical_name}/{entry['PolicyName']}", entry["PolicyDocument"])


def _things(plan: Plan, policies: PolicySet) -> Iterator[Thing]:
    settings, documents = policies.settings, policies.policies["resource"]
    where = f"{settings.home_region}:{settings.account_id}"
    of = f"arn:{settings.partition}"
    yield Thing(f"{of}:dynamodb:{where}:table/{settings.table_name}", "table", documents["messages_table"])
    yield _key(f"{of}:kms:{where}:key", f"alias/{settings.name}-table", None)
    if settings.client_side_encryption:
        # what the key policy allows is part of a template; here everybody is allowed what the document leaves
        own = documents["message_key"]
        statements = (*own.statements, *worlds.OPEN_TO_EVERYBODY.statements)
        yield _key(f"{of}:kms:{where}:key", settings.message_key_alias, Policy(own.name, statements), "9" + _KEY_ID[1:])
    for name in ("FailuresBucketPolicy", "DeadLettersPolicy"):
        resource = plan.resources["stream"][name]
        yield _of_stack(resource, settings)
    pattern_d, member, application = map(settings.role_arn, ("pattern-d", "identity-pool-user", "application"))
    yield Thing(f"{of}:lambda:{where}:function:{settings.function_name}", "function", runs_as=(pattern_d,))
    if settings.login is not None:
        yield Thing(f"{of}:cognito-idp:{where}:userpool/{settings.user_pool_id}", "user-pool", runs_as=(member,))
        yield Thing(f"{of}:cognito-identity:{where}:identitypool/{_POOL_ID}", "identity-pool", runs_as=(member,))
    # commands are run by the cluster's name or, past ECS Exec, in a task
    for task in ("cluster/application", "task/application/0123456789abcdef0123456789abcdef"):
        yield Thing(f"{of}:ecs:{where}:{task}", "task", runs_as=(application,))
    # whoever changes it lets himself into the roles of permission sets
    # https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html
    people = tuple(arn for arn in _takers(settings) if "/aws-reserved/sso.amazonaws.com" in arn)
    yield Thing(f"{of}:iam::{settings.account_id}:{_IDENTITY_CENTER}", "saml-provider", runs_as=people)


def _takers(settings: Settings) -> tuple[str, ...]:
    """Return an ARN for each of those whom the settings let take a role; without any, the role stands for itself."""
    every = (arn for role in TAKEN_ROLES for arn in settings.example_takers_of(role) if arn != settings.role_arn(role))
    return tuple(dict.fromkeys(every))


def _key(keys: str, alias: str, own: Policy | None, key_id: str = _KEY_ID) -> Thing:
    condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [alias]}}
    account = keys.split(":")[4]
    policy_of_key = own or worlds.delegating(account)
    return Thing(f"{keys}/{key_id}", "key", policy_of_key, must_allow=True, condition=condition)


def _of_stack(resource: PlannedResource, settings: Settings) -> Thing:
    queue = resource.resource_type == "AWS::SQS::QueuePolicy"
    where = f"{settings.home_region}:{settings.account_id}"
    arn = f"arn:{settings.partition}:sqs:{where}:{settings.name}-dead-letters" if queue else str(resource.arn)
    return Thing(arn, "queue" if queue else "bucket", _policy(resource, "PolicyDocument", f"policy of {arn}"))


def _policy(resource: PlannedResource, key: str, name: str, arn: str = "") -> Policy:
    document = policy(name, resource.value(key))
    return Policy(document.name, document.statements, arn=arn)
