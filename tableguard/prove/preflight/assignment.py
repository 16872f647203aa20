"""Assignment of stacks to principals: whom the guardrails let make the changes of each, found before the first one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tableguard.aws.cloudformation_handlers import Handlers, handlers
from tableguard.findings.counts import counted
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.service_reference import load
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy
from tableguard.prove.preflight.answer import Answers
from tableguard.prove.preflight.call import ModelledCall, calls
from tableguard.prove.preflight.template import Plan, PlannedResource, templates
from tableguard.settings import OPTIONAL_STACKS, Settings
from tableguard.stacks import status
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.deployment.stack_deployer import PlannedStack
from tableguard.stacks.registry import Principal

# An update's handler may call these for one property only, or for none that our templates have: action -> properties.
# Every other action of an update counts as called, whatever changes.
_ONLY_FOR: Mapping[str, tuple[str, ...]] = {
    "cloudtrail:stoplogging": ("IsLogging",),
    "dynamodb:associatetablereplica": (),
    "dynamodb:createtablereplica": (),
    "dynamodb:enablekinesisstreamingdestination": ("KinesisStreamSpecification",),
    "dynamodb:putresourcepolicy": ("ResourcePolicy", "StreamSpecification"),
    "dynamodb:updatekinesisstreamingdestination": ("KinesisStreamSpecification",),
    "events:removetargets": ("Targets",),
    "iam:createservicelinkedrole": (),
    "kms:disablekey": ("Enabled",),
    "kms:disablekeyrotation": ("EnableKeyRotation",),
    "kms:putkeypolicy": ("KeyPolicy",),
    "s3:getobject": (),
    "s3:getobjectversion": (),
    "s3:putreplicationconfiguration": ("ReplicationConfiguration",),
    "sns:putdataprotectionpolicy": ("DataProtectionPolicy",),
    "sns:unsubscribe": ("Subscription",),
}
# and these only where a property leaves the template
_ONLY_WITHOUT: Mapping[str, tuple[str, ...]] = {
    "backup:deletebackupvaultaccesspolicy": ("AccessPolicy",),
    "backup:deletebackupvaultlockconfiguration": ("LockConfiguration",),
    "backup:deletebackupvaultnotifications": ("Notifications",),
    "dynamodb:deleteresourcepolicy": ("ResourcePolicy",),
    "logs:disassociatekmskey": ("KmsKeyId",),
}
_ATTACH_LATER = "break-glass is only made by this stack: have the organization detach the SCPs until it is there"
_EXECUTION = "cloudformation:ExecuteChangeSet"
_DESTROYING = ("Delete", "Deregister", "Disassociate", "Remove", "Schedule", "Set", "Stop", "Unsubscribe")


@dataclass(frozen=True)
class Assignment:
    """Who deploys a stack, and which denials of guardrails make it another than usual.

    `denied` are the denials of break-glass too: with any, nobody can make the changes.
    """

    planned: PlannedStack
    principal: Principal
    reasons: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    @property
    def closes_group(self) -> bool:
        """Tell whether deploying closes a default security group, which break-glass may not."""
        return self.planned.open_group and self.principal == self.planned.stack.principal

    @property
    def summary(self) -> str:
        """Return what is to be done to the stack, in few words."""
        match self.planned.status, self.planned.changes:
            case status.ABSENT, None:
                return "new"
            case status.ABSENT, _:
                adopted = sum(change.action == "Import" for change in self.planned.changes or ())
                return f"new, adopts {adopted}" if adopted else "new"
            case status.ROLLBACK_STUCK, _:
                return "its failed rollback is continued"
            case _, None:
                return "unchanged"
            case _, changes:
                return counted(len(changes), "change")


class Guardrails:
    """The SCPs that bind the workload's account, between a principal and the changes of a stack."""

    def __init__(self, settings: Settings, planned: Sequence[PlannedStack], scps: Sequence[Policy]) -> None:
        self.settings, self.estate, self.scps = settings, Shorthand(settings).estate, scps
        merged = {one.stack.name: _merged(one) for one in planned}
        self.plan = Plan(settings, {**templates(settings, merged), **merged})
        self.answers: dict[str, Answers] = {}  # by caller, whose stacks share proofs

    def denials(self, planned: PlannedStack, caller: str) -> tuple[str, ...]:
        """Return the denials of a role, by its ARN, for the changes of a stack: a line for each statement."""
        if caller not in self.answers:
            self.answers[caller] = Answers(self.settings, self.estate, self.scps, (caller,))
        answers = self.answers[caller]
        by_statement: dict[str, list[str]] = {}
        changes = tuple(_changes(planned))
        for change in changes:
            for call, because in self._of_change(planned, change, answers):
                by_statement.setdefault(because, []).append(call)
        if changes and not by_statement:
            execution = answers.denial_of([self._execution(planned)])
            return (_line([f"{planned.stack_name}: {_EXECUTION}"], execution.because),) if execution else ()
        return tuple(_line(denied, because) for because, denied in by_statement.items())

    def _execution(self, planned: PlannedStack) -> ModelledCall:
        """Return the call that makes the changes of a stack, whatever they are."""
        region, account = self.settings.home_region, self.settings.account_id
        stack = f"arn:{self.settings.partition}:cloudformation:{region}:{account}:stack/{planned.stack_name}/*"
        return ModelledCall(_EXECUTION, (stack,), {"aws:requestedregion": (region,)})

    def _of_change(self, planned: PlannedStack, change: ResourceChange, answers: Answers) -> Iterator[tuple[str, str]]:
        """Yield each denied call of a change, and which statement denies it."""
        resource = self.plan.resources[planned.stack.name].get(change.logical_id)
        called = handlers(change.resource_type)
        if resource is None or called is None:
            return
        actions = _actions(change, called, *_versions(planned, change.logical_id))
        # the registry has names that IAM does not, such as s3:PutObjectLockConfiguration
        for action in dict.fromkeys(one for one in actions if one.lower() in load().actions):
            for alternatives in calls(action, resource, called, self.plan):
                denial = answers.denial_of(self._with_aliases(resource, call) for call in alternatives)
                if denial is not None:
                    yield f"{change.logical_id}: {action}", denial.because
                    break

    def _with_aliases(self, resource: PlannedResource, call: ModelledCall) -> ModelledCall:
        """Return a call on a key with the aliases that the key's stack gives it: it has them once it is made."""
        if resource.resource_type != "AWS::KMS::Key":
            return call
        siblings = self.plan.resources[resource.stack].values()
        own = {"Ref": resource.name}, {"Fn::GetAtt": [resource.name, "Arn"]}, {"Fn::GetAtt": [resource.name, "KeyId"]}
        aliases = tuple(
            str(sibling.value("AliasName"))
            for sibling in siblings
            if sibling.resource_type == "AWS::KMS::Alias" and sibling.properties.get("TargetKeyId") in own
        )
        return replace(call, values={**call.values, "kms:resourcealiases": aliases}) if aliases else call


def assign(
    settings: Settings, planned: Sequence[PlannedStack], callers: Mapping[Principal, str], scps: Sequence[Policy]
) -> tuple[Assignment, ...]:
    """Return who deploys each stack: its usual principal, or break-glass where an SCP denies that one a change.

    `callers` has the role of each principal that has a session. `scps` are those that bind the account already.
    """
    if not scps:
        return tuple(Assignment(one, one.stack.principal) for one in planned)
    guardrails = Guardrails(settings, planned, scps)
    return tuple(_assigned(settings, one, callers, guardrails) for one in planned)


def _assigned(
    settings: Settings, planned: PlannedStack, callers: Mapping[Principal, str], guardrails: Guardrails
) -> Assignment:
    usual = planned.stack.principal
    if usual == "administrator" and planned.status == status.ROLLBACK_STUCK:
        return Assignment(
            planned, "break-glass", ("the rollback changes roles, which guardrails leave to break-glass",)
        )
    # no SCP binds the management account; those that bind the archive's are not asked about beforehand
    if planned.stack.is_elsewhere:
        return Assignment(planned, usual)
    reasons = guardrails.denials(planned, callers.get(usual) or settings.role_arn(usual))
    if not reasons:
        return Assignment(planned, usual)
    if is_first(planned):
        return Assignment(planned, "break-glass", reasons, (f"{'; '.join(reasons)}; {_ATTACH_LATER}",))
    denied = guardrails.denials(planned, settings.role_arn("break-glass"))
    return Assignment(planned, "break-glass", reasons, denied)


def is_first(planned: PlannedStack) -> bool:
    """Return True of the stack of roles before break-glass is there: it is not made yet, and none is adopted."""
    adopts = any(change.action == "Import" for change in planned.changes or ())
    return planned.stack.name == "access" and planned.status in (status.ABSENT, "CREATE_FAILED") and not adopts


def _is_first_deployment(planned: Sequence[PlannedStack], roles: str | None) -> bool:
    """Return True until the stacks that every estate has are made, unless they adopt what an earlier life left."""
    if any(change.action == "Import" for one in planned for change in one.changes or ()):
        return False
    wanted = {one.status for one in planned if one.stack.name not in OPTIONAL_STACKS}
    return not (wanted | {roles}).isdisjoint((status.ABSENT, "CREATE_FAILED"))


def _changes(planned: PlannedStack) -> Iterator[ResourceChange]:
    """Yield the certain changes of a stack; one that does not exist adds all of its resources."""
    if planned.changes is None and planned.status == status.ABSENT:
        for name, resource in sorted(planned.template["Resources"].items()):
            yield ResourceChange("Add", name, resource["Type"])
    yield from (change for change in planned.changes or () if change.certain)


def _line(denied: Sequence[str], because: str) -> str:
    more = f" and {len(denied) - 1} more are" if len(denied) > 1 else " is"
    return f"{denied[0]}{more} {because}"


def _versions(planned: PlannedStack, logical_id: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return a resource as it is deployed, and as the template has it; empty where it is not."""
    versions = planned.deployed, planned.template
    before, now = (template.get("Resources", {}).get(logical_id, {}) for template in versions)
    return before, now


def _actions(
    change: ResourceChange, called: Handlers, before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the actions that a change of a resource calls, as far as the handlers of its type tell."""
    destroying = [action for action in called.delete if action.partition(":")[2].startswith(_DESTROYING)]
    match change.action:
        case "Import":
            yield from ()  # an import only reads
        case "Add":
            yield from called.certain
        case "Remove":
            yield from () if change.kept else destroying
        case _:
            old, new = (set(version.get("Properties", {})) for version in (before, now))
            changed = set(change.properties) or old | new  # any may, where AWS does not tell
            yield from (action for action in called.update if _is_called(action.lower(), changed, old - new))
            if change.replaces:
                retained = now.get("UpdateReplacePolicy") == "Retain"
                yield from called.certain if retained else (*called.certain, *destroying)


def _is_called(action: str, changed: set[str], gone: set[str]) -> bool:
    if action in _ONLY_WITHOUT:
        return bool(gone & set(_ONLY_WITHOUT[action]))
    return action not in _ONLY_FOR or bool(changed & set(_ONLY_FOR[action]))


def standing(
    settings: Settings,
    planned: Sequence[PlannedStack],
    ask: Callable[[], tuple[Policy, ...]] | None,
    roles: str | None = None,
) -> tuple[Policy, ...]:
    """Return the SCPs that bind the account already: as the organization has them, if somebody may `ask` it.

    Where nobody may, the shipped ones count as attached once the first deployment is done, also if the settings leave
    them to the organization. Otherwise a change would begin that they refuse half-way. `roles` is the status of the
    stack of roles where it is not planned, as with the buckets, which come before it alone; None if it is not known.
    """
    if ask is not None:
        return ask()
    if _is_first_deployment(planned, roles):
        return ()
    return PolicySet.filled(settings).attached("scp")


def _merged(planned: PlannedStack) -> Mapping[str, Any]:
    """Return a stack's template with the resources that leave it."""
    resources = {**planned.deployed.get("Resources", {}), **planned.template["Resources"]}
    return {**planned.template, "Resources": resources}
