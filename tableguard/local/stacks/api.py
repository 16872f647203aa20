"""moto's CloudFormation API on the stacks of moto_stack: what it silently skips or drops becomes an error.

moto 5.2.5 reports CREATE_COMPLETE for types it does not know, drops properties, leaves a failed stack half-made and
its name taken, has no outputs for stacks made by a change set, and checks neither parameters nor capabilities.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from moto.cloudformation import responses
from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError, ValidationError
from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_changeset_id, validate_create_change_set
from moto.core.responses import ActionResult, EmptyResult

from tableguard.cloudformation.equality import declares
from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.errors import EmbeddedError
from tableguard.local.moto.patch import replace
from tableguard.local.stacks.change_set import ChangeSet
from tableguard.local.stacks.stack import Stack
from tableguard.local.stacks.submission import Submitted, clients_of, submitted
from tableguard.local.stacks.types import ALL

_UPDATABLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


@dataclass(frozen=True)
class Deployed:
    """A resource of a stack that exists, and its properties, every intrinsic resolved."""

    stack: str
    account: str
    region: str
    logical_id: str
    type: str
    handle: ResourceHandle
    properties: Properties
    context: Context


@dataclass(frozen=True)
class NotModelled:
    """A property of a deployed resource that no API of the embedded AWS keeps, and why."""

    stack: str
    logical_id: str
    type: str
    property: str
    reason: str


class ChangeSetNotFound(CloudFormationError):
    """The change set does not exist, or was executed."""

    code = "ChangeSetNotFoundException"


def install() -> None:
    """Put the API on these stacks."""
    for action in (
        create_stack,
        create_change_set,
        describe_change_set,
        list_change_sets,
        delete_change_set,
        execute_change_set,
        update_stack,
        delete_stack,
    ):
        replace(CloudFormationResponse, action.__name__, _refusing(action))
    setattr(CloudFormationResponse, update_termination_protection.__name__, _refusing(update_termination_protection))
    replace(responses, "StackResourceDTO", lambda stack, resource: resource)


def deployed() -> list[Deployed]:
    """Every resource of every stack, in the order in which they were made."""
    return [
        Deployed(
            stack.name,
            stack.backend.account_id,
            stack.backend.region_name,
            logical_id,
            resource.type.name,
            resource.handle,
            dict(resource.properties),
            resource.context,
        )
        for stack in _stacks()
        for logical_id, resource in stack.resources.existing.items()
    ]


def not_modelled_met() -> list[NotModelled]:
    """The properties that deployed resources declare and that are asserted on their templates only."""
    return [
        NotModelled(each.stack, each.logical_id, each.type, path, reason)
        for each in deployed()
        for path, reason in sorted(ALL[each.type].not_modelled.items())
        if declares(each.properties, path.split("."))
    ]


def _stacks() -> list[Stack]:
    backends = [backend for account in cloudformation_backends.values() for backend in account.values()]
    stacks: list[Any] = [stack for backend in backends for stack in backend.stacks.values()]
    return sorted(stacks, key=lambda stack: stack.creation_time)


def create_stack(handler: CloudFormationResponse) -> ActionResult:
    """The answer to CreateStack; what fails afterwards is the stack's status, as on AWS."""
    name = handler._get_param("StackName")
    if _find(handler.cloudformation_backend, name) is not None:
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    stack = Stack(handler.cloudformation_backend, name)
    wanted = _checked(handler, stack)
    stack.enable_termination_protection = bool(handler._get_param("EnableTerminationProtection"))
    _stacks_of(handler)[stack.stack_id] = stack
    stack.create(wanted, clients_of(handler))
    return ActionResult({"StackId": stack.stack_id})


def create_change_set(handler: CloudFormationResponse) -> ActionResult:
    """The answer to CreateChangeSet; of a new stack, it makes one that has nothing yet."""
    name, kind = handler._get_param("ChangeSetName"), handler._get_param("ChangeSetType", "UPDATE")
    validate_create_change_set(name)
    stack = _stack_for(handler, name, kind)
    wanted = _checked(handler, stack)
    arn = generate_changeset_id(name, stack.backend.region_name, stack.backend.account_id)
    changes = list(stack.changes(wanted))
    _stacks_of(handler)[stack.stack_id] = stack
    _change_sets_of(handler)[arn] = ChangeSet(
        arn, name, stack, kind, wanted, handler._get_param("Description"), changes
    )
    return ActionResult({"Id": arn, "StackId": stack.stack_id})


def describe_change_set(handler: CloudFormationResponse) -> ActionResult:
    """The answer to DescribeChangeSet."""
    return ActionResult(_change_set(handler).describe())


def list_change_sets(handler: CloudFormationResponse) -> ActionResult:
    """The answer to ListChangeSets."""
    stack = _existing(handler)
    found = [each.describe() for each in _change_sets_of(handler).values() if each.stack is stack]
    return ActionResult({"Summaries": found})


def delete_change_set(handler: CloudFormationResponse) -> ActionResult:
    """The answer to DeleteChangeSet."""
    del _change_sets_of(handler)[_change_set(handler).arn]
    return EmptyResult()


def execute_change_set(handler: CloudFormationResponse) -> ActionResult:
    """The answer to ExecuteChangeSet; what fails afterwards is the stack's status, as on AWS."""
    change_set = _change_set(handler)
    if change_set.is_empty:
        raise EmbeddedError(f"ChangeSet [{change_set.arn}] cannot be executed in its current status of [FAILED]")
    _forget_change_sets(handler, change_set.stack)
    bring_about = change_set.stack.create if change_set.kind == "CREATE" else change_set.stack.update
    bring_about(change_set.submitted, clients_of(handler))
    return EmptyResult()


def update_stack(handler: CloudFormationResponse) -> ActionResult:
    """The answer to UpdateStack; what fails afterwards is the stack's status, as on AWS."""
    stack = _stack_for(handler, "", "UPDATE")
    wanted = _checked(handler, stack)
    if stack.submitted is not None and stack.submitted.same_as(wanted):
        raise EmbeddedError("No updates are to be performed.")
    stack.update(wanted, clients_of(handler))
    return ActionResult({"StackId": stack.stack_id})


def delete_stack(handler: CloudFormationResponse) -> ActionResult:
    """The answer to DeleteStack; a stack that does not exist is as good as deleted."""
    stack = _find(handler.cloudformation_backend, handler._get_param("StackName"))
    if stack is not None:
        _forget_change_sets(handler, stack)
        stack.delete(clients_of(handler))
        if stack.status == "DELETE_COMPLETE":
            deleted: dict[str, Any] = handler.cloudformation_backend.deleted_stacks
            deleted[stack.stack_id] = _stacks_of(handler).pop(stack.stack_id)
    return EmptyResult()


def update_termination_protection(handler: CloudFormationResponse) -> ActionResult:
    """The answer to UpdateTerminationProtection, which moto lacks."""
    stack = _existing(handler)
    stack.enable_termination_protection = bool(handler._get_param("EnableTerminationProtection"))
    return ActionResult({"StackId": stack.stack_id})


def _refusing(action: Callable[[CloudFormationResponse], ActionResult]) -> Callable[[Any], ActionResult]:
    @wraps(action)
    def perform(handler: CloudFormationResponse) -> ActionResult:
        try:
            return action(handler)
        except EmbeddedError as error:
            raise ValidationError(message=str(error)) from error

    return perform


def _checked(handler: CloudFormationResponse, stack: Stack) -> Submitted:
    """What is submitted for a stack; EmbeddedError if its parameters or conditions cannot be."""
    wanted = submitted(handler, stack.submitted)
    stack.scope_of(wanted).included()
    return wanted


def _stack_for(handler: CloudFormationResponse, change_set: str, kind: str) -> Stack:
    """The stack that a request is about to make or change; EmbeddedError if it may not."""
    name = handler._get_param("StackName")
    stack = _find(handler.cloudformation_backend, name)
    if kind == "CREATE":
        if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            raise AlreadyExistsException(
                f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
            )
        return stack or Stack(handler.cloudformation_backend, name)
    stack = _existing(handler)
    if stack.status not in _UPDATABLE:
        raise EmbeddedError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    return stack


def _find(backend: CloudFormationBackend, name_or_id: str) -> Stack | None:
    stacks: list[Any] = list(backend.stacks.values())
    return next((stack for stack in stacks if name_or_id in (stack.name, stack.stack_id)), None)


def _existing(handler: CloudFormationResponse) -> Stack:
    name = handler._get_param("StackName")
    stack = _find(handler.cloudformation_backend, name)
    if stack is None:
        raise EmbeddedError(f"Stack [{name}] does not exist")
    return stack


def _change_set(handler: CloudFormationResponse) -> ChangeSet:
    """The change set that a request names, by ARN or by its name and the stack's."""
    name, stack = handler._get_param("ChangeSetName"), handler._get_param("StackName")
    found: list[ChangeSet] = list(_change_sets_of(handler).values())
    for each in found:
        if name == each.arn or (name == each.name and stack in (each.stack.name, each.stack.stack_id)):
            return each
    raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")


def _forget_change_sets(handler: CloudFormationResponse, stack: Stack) -> None:
    """Executing one change set makes the others of its stack invalid; CloudFormation deletes them all."""
    for arn, change_set in list(_change_sets_of(handler).items()):
        if change_set.stack is stack:
            del _change_sets_of(handler)[arn]


def _stacks_of(handler: CloudFormationResponse) -> dict[str, Any]:
    return handler.cloudformation_backend.stacks


def _change_sets_of(handler: CloudFormationResponse) -> dict[str, Any]:
    return handler.cloudformation_backend.change_sets
