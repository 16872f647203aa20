"""What a request to CloudFormation names, its stack and its change set, and whether that may be done to it."""

import re
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse

from tableguard.errors import EmbeddedError
from tableguard.local.stacks.change_set import FAILED, ChangeSet
from tableguard.local.stacks.stack import EmbeddedStack, Execution
from tableguard.local.stacks.submission import Submission, read_submission

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
UPDATABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
    }
)


class ChangeSetNotFound(CloudFormationError):
    """The change set does not exist."""

    code = "ChangeSetNotFoundException"


def checked_submission(handler: CloudFormationResponse, stack: EmbeddedStack) -> Submission:
    """Return the request's submission for a stack; EmbeddedError if its parameters or conditions are refused."""
    submission = read_submission(handler, stack.submission)
    wanted = stack.scope_of(submission).active_resources()
    existing, declared = stack.resources.existing, submission.template.resources
    retyped = [name for name in wanted if name in existing and existing[name].type.name != declared[name]["Type"]]
    if retyped:
        raise EmbeddedError(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(retyped)}]"
        )
    return submission


def check_name(parameter: str, name: str) -> None:
    """Refuse a name of a stack or a change set that AWS refuses, in its words."""
    if not _NAME.fullmatch(name):
        raise EmbeddedError(
            f"1 validation error detected: Value '{name}' at '{parameter}' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*, and have length less than or equal to 128"
        )


def stack_for(handler: CloudFormationResponse, change_set: str, kind: str) -> EmbeddedStack:
    """Return the stack that a request creates or changes; EmbeddedError if the stack's status forbids it."""
    name = handler._get_param("StackName")
    stack = find(handler.cloudformation_backend, name)
    if kind == "IMPORT" and (stack is None or stack.status == "REVIEW_IN_PROGRESS"):
        return stack or new(handler)
    if kind == "CREATE":
        if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            raise AlreadyExistsException(
                f"Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
            )
        return stack or new(handler)
    stack = existing(handler)
    if stack.status not in UPDATABLE | FAILED:
        raise EmbeddedError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    return stack


def new(handler: CloudFormationResponse) -> EmbeddedStack:
    """Return a stack that is not there yet; EmbeddedError if none may have its name."""
    name = handler._get_param("StackName")
    check_name("stackName", name)
    return EmbeddedStack(handler.cloudformation_backend, name)


def execution(handler: CloudFormationResponse, on_failure: str = "") -> Execution:
    """Return the choices of a request; EmbeddedError if it chooses twice what a failure does."""
    disable_rollback = handler._get_bool_param("DisableRollback", False)
    if on_failure and disable_rollback:
        raise EmbeddedError("DisableRollback cannot be specified where what a failure does is chosen already")
    return Execution(handler._get_param("ClientRequestToken"), disable_rollback, on_failure)


def check_may_go_on(stack: EmbeddedStack, execution: Execution) -> None:
    """Refuse to update a failed stack in a way that AWS refuses, in its words."""
    if stack.status not in FAILED:
        return
    if stack.on_failure == "DO_NOTHING":
        raise EmbeddedError(
            f"This stack cannot be updated from [{stack.status}] state because it contains [on-failure: DO_NOTHING]. "
            "Please use disable-rollback option instead during stack creation."
        )
    if not execution.disable_rollback:
        raise EmbeddedError(
            f"This stack is currently in a non-terminal [{stack.status}] state. To update the stack from this state, "
            "please use the disable-rollback parameter with update-stack API. To rollback to the last known good "
            "state, use the rollback-stack API"
        )


def find(backend: CloudFormationBackend, name_or_id: str) -> EmbeddedStack | None:
    stacks: list[Any] = list(backend.stacks.values())
    return next((stack for stack in stacks if name_or_id in (stack.name, stack.stack_id)), None)


def existing(handler: CloudFormationResponse) -> EmbeddedStack:
    name = handler._get_param("StackName")
    stack = find(handler.cloudformation_backend, name)
    if stack is None:
        raise EmbeddedError(f"Stack [{name}] does not exist")
    return stack


def change_set(handler: CloudFormationResponse) -> ChangeSet:
    change_set = named_change_set(handler)
    if change_set is None:
        raise ChangeSetNotFound(f"ChangeSet [{handler._get_param('ChangeSetName')}] does not exist")
    return change_set


def named_change_set(handler: CloudFormationResponse) -> ChangeSet | None:
    """Return the change set that a request names, by ARN or by its name and the stack's; of one name, the newest."""
    name, change_sets = handler._get_param("ChangeSetName"), list[ChangeSet](change_sets_of(handler).values())
    if name.startswith("arn:"):
        return next((change_set for change_set in change_sets if change_set.arn == name), None)
    if not handler._get_param("StackName"):
        raise EmbeddedError("StackName must be specified if ChangeSetName is not specified as an ARN.")
    stack = existing(handler)
    named = [change_set for change_set in change_sets if change_set.stack is stack and change_set.name == name]
    return named[-1] if named else None


def waiting(handler: CloudFormationResponse, stack: EmbeddedStack) -> list[ChangeSet]:
    """Return the change sets of a stack that were not executed."""
    change_sets = list[ChangeSet](change_sets_of(handler).values())
    return [one for one in change_sets if one.stack is stack and not one.execution.startswith("EXECUTE")]


def forget_change_sets(handler: CloudFormationResponse, stack: EmbeddedStack) -> None:
    """Delete what waits for execution, as CloudFormation does once one change set is executed: the others are void."""
    for change_set in waiting(handler, stack):
        del change_sets_of(handler)[change_set.arn]


def make_obsolete(handler: CloudFormationResponse, stack: EmbeddedStack) -> None:
    """Mark what waits for execution: the stack is created or updated without it."""
    for change_set in waiting(handler, stack):
        change_set.execution = "OBSOLETE"


def stacks_of(handler: CloudFormationResponse) -> dict[str, Any]:
    return handler.cloudformation_backend.stacks


def change_sets_of(handler: CloudFormationResponse) -> dict[str, Any]:
    return handler.cloudformation_backend.change_sets
