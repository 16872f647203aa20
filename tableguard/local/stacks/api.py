"""CloudFormation's API on EmbeddedStack, in place of moto's: what moto silently skips or drops becomes an error.

moto 5.2.5 reports CREATE_COMPLETE for types it does not know and drops properties. It leaves a failed stack half
created and its name taken, has no outputs for stacks made by a change set, and checks neither parameters nor
capabilities. The actions below replace those of moto's CloudFormationResponse.
"""

import uuid
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from moto.cloudformation import responses
from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError, ValidationError
from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_changeset_id
from moto.core.responses import ActionResult, EmptyResult

from tableguard.cloudformation.template import required_capability
from tableguard.errors import EmbeddedError
from tableguard.local.clients.factory import Clients
from tableguard.local.moto.patch import replace
from tableguard.local.readback import DeployedResource
from tableguard.local.stacks import importing, requested
from tableguard.local.stacks.change_set import FAILED, ChangeSet, changes_nothing
from tableguard.local.stacks.changes import validation
from tableguard.local.stacks.drift import detection, reversal
from tableguard.local.stacks.drift.reversal import ActualState
from tableguard.local.stacks.exports import importers
from tableguard.local.stacks.stack import EmbeddedStack, Execution
from tableguard.local.stacks.submission import Submission, clients_of, read_template, refuse_unmodelled

# what moto answers with success, and nothing here obeys: stack policies, and stack sets of moto's own resources
_WITHOUT_EFFECT = (
    "set_stack_policy",
    "create_stack_set",
    "create_stack_instances",
    "update_stack_set",
    "update_stack_instances",
)


class InvalidChangeSetStatus(CloudFormationError):
    """The change set cannot be executed: it has no changes, was executed, or the stack has changed since."""

    code = "InvalidChangeSetStatusException"


def install() -> None:
    """Replace the actions of moto's CloudFormationResponse."""
    for action in (
        create_stack,
        create_change_set,
        describe_change_set,
        list_change_sets,
        delete_change_set,
        execute_change_set,
        update_stack,
        delete_stack,
        list_stack_resources,
        validate_template,
    ):
        replace(CloudFormationResponse, action.__name__, _with_validation_errors(action))
    for lacking in (
        cancel_update_stack,
        continue_update_rollback,
        describe_events,
        describe_stack_drift_detection_status,
        describe_stack_resource_drifts,
        detect_stack_drift,
        list_imports,
        rollback_stack,
        update_termination_protection,
    ):
        setattr(CloudFormationResponse, lacking.__name__, _with_validation_errors(lacking))
    for name in _WITHOUT_EFFECT:
        replace(CloudFormationResponse, name, _not_modelled)
    replace(CloudFormationBackend, "describe_stack_events", _events)
    replace(responses, "StackResourceDTO", lambda stack, resource: resource)


def deployed() -> list[DeployedResource]:
    """Return every resource of every stack, in order of creation."""
    return [resource for stack in _stacks() for resource in _deployed(stack)]


def _deployed(stack: EmbeddedStack) -> Iterator[DeployedResource]:
    for logical_id, resource in stack.resources.existing.items():
        yield DeployedResource(
            stack.name,
            stack.backend.account_id,
            stack.backend.region_name,
            logical_id,
            resource.type.name,
            resource.handle,
            dict(resource.properties),
        )


def _stacks() -> list[EmbeddedStack]:
    backends = [backend for account in cloudformation_backends.values() for backend in account.values()]
    stacks: list[Any] = [stack for backend in backends for stack in backend.stacks.values()]
    return sorted(stacks, key=lambda stack: stack.creation_time)


def create_stack(handler: CloudFormationResponse) -> ActionResult:
    """Answer CreateStack; a later failure shows in the stack's status, as on AWS."""
    name = handler._get_param("StackName")
    stack = requested.find(handler.cloudformation_backend, name) or requested.new(handler)
    if stack.status not in ("", "REVIEW_IN_PROGRESS"):
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    execution = requested.execution(handler, handler._get_param("OnFailure") or "")
    submission = requested.checked_submission(handler, stack)
    stack.enable_termination_protection = bool(handler._get_param("EnableTerminationProtection"))
    requested.stacks_of(handler)[stack.stack_id] = stack
    requested.make_obsolete(handler, stack)
    stack.create(submission, clients_of(handler), execution)
    _bury(handler, stack)
    return ActionResult({"StackId": stack.stack_id})


def create_change_set(handler: CloudFormationResponse) -> ActionResult:
    """Answer CreateChangeSet; of type CREATE, it also makes a stack without resources."""
    name, kind = handler._get_param("ChangeSetName"), handler._get_param("ChangeSetType", "UPDATE")
    requested.check_name("changeSetName", name)
    stack = requested.stack_for(handler, name, kind)
    on_failure = handler._get_param("OnStackFailure") or ""
    submission = requested.checked_submission(handler, stack)
    if any(one.name == name for one in requested.waiting(handler, stack)):
        # AWS's words; it compares the attributes, and answers with the existing one if all are equal
        raise AlreadyExistsException(
            f"ChangeSet {name} cannot be created due to a mismatch with existing attribute ClientToken"
        )
    identifiers = importing.read_identifiers(handler, submission) if kind == "IMPORT" else {}
    if kind == "IMPORT":
        importing.check(submission, stack.submission, identifiers)
    arn = generate_changeset_id(name, stack.backend.region_name, stack.backend.account_id)
    actual = _actual_state(handler, stack, submission, kind)
    if actual is None:
        changes = importing.marked(stack.changes(submission), identifiers)
    else:
        changes = reversal.changes(stack, submission, actual)
    requested.stacks_of(handler)[stack.stack_id] = stack
    stack.await_review()
    change_set = ChangeSet(
        arn, name, stack, kind, submission, handler._get_param("Description"), changes, on_failure, identifiers, actual
    )
    clients, backend = clients_of(handler), stack.backend
    change_set.validation = validation.events(
        stack.stack_id, changes, lambda service: clients(service, backend.account_id, backend.region_name)
    )
    requested.change_sets_of(handler)[arn] = change_set
    return ActionResult({"Id": arn, "StackId": stack.stack_id})


def _actual_state(
    handler: CloudFormationResponse, stack: EmbeddedStack, submission: Submission, kind: str
) -> ActualState | None:
    """Return how a stack's resources are, as the caller may read them; None for a change set that does not ask."""
    mode = handler._get_param("DeploymentMode")
    if not mode:
        return None
    if mode != reversal.MODE:
        raise EmbeddedError(f"DeploymentMode {mode} is not modelled")
    if kind != "UPDATE":
        raise EmbeddedError(f"a change set of type {kind} with DeploymentMode {mode} is not modelled")
    resources, clients = list(_deployed(stack)), clients_of(handler)
    detected = detection.detect(str(uuid.uuid4()), stack.stack_id, resources, clients)
    return reversal.actual_state(stack, submission, resources, detected, clients)


def describe_change_set(handler: CloudFormationResponse) -> ActionResult:
    """Answer DescribeChangeSet."""
    with_values = bool(handler._get_param("IncludePropertyValues"))
    return ActionResult(requested.change_set(handler).describe(with_values=with_values))


def describe_events(handler: CloudFormationResponse) -> ActionResult:
    """Answer DescribeEvents of a change set, which moto lacks: what validation found about it beforehand."""
    if not handler._get_param("ChangeSetName"):
        raise EmbeddedError("DescribeEvents is modelled for change sets alone: name one as ChangeSetName")
    return ActionResult({"OperationEvents": requested.change_set(handler).validation})


def list_change_sets(handler: CloudFormationResponse) -> ActionResult:
    """Answer ListChangeSets."""
    waiting = requested.waiting(handler, requested.existing(handler))
    return ActionResult({"Summaries": [change_set.describe() for change_set in waiting]})


def delete_change_set(handler: CloudFormationResponse) -> ActionResult:
    """Answer DeleteChangeSet, also with success where the stack has no such change set, as on AWS."""
    change_set = requested.named_change_set(handler)
    if change_set is not None:
        del requested.change_sets_of(handler)[change_set.arn]
    return EmptyResult()


def execute_change_set(handler: CloudFormationResponse) -> ActionResult:
    """Answer ExecuteChangeSet; a later failure shows in the stack's status, as on AWS."""
    change_set = requested.change_set(handler)
    if change_set.hindrance:
        raise InvalidChangeSetStatus(
            f"ChangeSet [{change_set.arn}] cannot be executed in its current {change_set.hindrance}"
        )
    execution = requested.execution(handler, change_set.on_stack_failure)
    requested.check_may_go_on(change_set.stack, execution)
    requested.forget_change_sets(handler, change_set.stack)
    requested.change_sets_of(handler)[change_set.arn] = change_set
    _apply(change_set, clients_of(handler), execution)
    succeeded = change_set.stack.status in requested.UPDATABLE and "ROLLBACK" not in change_set.stack.status
    change_set.execution = "EXECUTE_COMPLETE" if succeeded else "EXECUTE_FAILED"
    _bury(handler, change_set.stack)
    return EmptyResult()


def _apply(change_set: ChangeSet, clients: Clients, execution: Execution) -> None:
    stack, submission = change_set.stack, change_set.submission
    stack.change_set_id = change_set.arn
    if change_set.kind == "IMPORT":
        stack.adopt(submission, change_set.identifiers, clients, execution)
    elif change_set.actual is not None:
        stack.revert(submission, change_set.actual.of(stack.resources.existing), clients, execution)
    elif change_set.kind == "CREATE":
        stack.create(submission, clients, execution)
    else:
        stack.update(submission, clients, execution)


def update_stack(handler: CloudFormationResponse) -> ActionResult:
    """Answer UpdateStack; a later failure shows in the stack's status, as on AWS."""
    stack = requested.stack_for(handler, "", "UPDATE")
    submission, execution = requested.checked_submission(handler, stack), requested.execution(handler)
    requested.check_may_go_on(stack, execution)
    if changes_nothing(stack, submission, list(stack.changes(submission))):
        raise EmbeddedError("No updates are to be performed.")
    requested.make_obsolete(handler, stack)
    stack.update(submission, clients_of(handler), execution)
    return ActionResult({"StackId": stack.stack_id})


def list_stack_resources(handler: CloudFormationResponse) -> ActionResult:
    """Answer ListStackResources; moto says CREATE_COMPLETE of every resource."""
    stack, _ = handler.cloudformation_backend.list_stack_resources(handler._get_param("StackName"))
    return ActionResult({"StackResourceSummaries": stack.stack_resources})


def validate_template(handler: CloudFormationResponse) -> ActionResult:
    """Answer ValidateTemplate as AWS does: it looks at no property, while moto asks a linter."""
    _, template = read_template(handler)
    capability = required_capability(template)
    parameters = [
        {
            "ParameterKey": name,
            "DefaultValue": declared.get("Default"),
            "NoEcho": str(declared.get("NoEcho", False)).lower() == "true",
            "Description": declared.get("Description"),
        }
        for name, declared in template.parameters.items()
    ]
    needs = {"Capabilities": [capability]} if capability else {}
    return ActionResult({"Description": template.description, "Parameters": parameters, **needs})


def cancel_update_stack(handler: CloudFormationResponse) -> ActionResult:
    """Answer CancelUpdateStack, which moto lacks: an update has always ended when its request is answered."""
    requested.existing(handler)
    raise EmbeddedError("CancelUpdateStack cannot be called from current stack status")


def continue_update_rollback(handler: CloudFormationResponse) -> ActionResult:
    """Answer ContinueUpdateRollback, which moto lacks: take a failed rollback further."""
    stack = requested.existing(handler)
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        raise EmbeddedError(f"Stack [{stack.name}] is in {stack.status} state and can not continue rollback.")
    stack.roll_back(clients_of(handler), requested.execution(handler), handler._get_param("ResourcesToSkip", []))
    return EmptyResult()


def list_imports(handler: CloudFormationResponse) -> ActionResult:
    """Answer ListImports, which moto lacks: the stacks that use an exported value."""
    export = handler._get_param("ExportName")
    users = importers(handler.cloudformation_backend, export)
    if not users:
        raise EmbeddedError(f"Export '{export}' is not imported by any stack.")  # AWS's words
    return ActionResult({"Imports": users})


def rollback_stack(handler: CloudFormationResponse) -> ActionResult:
    """Answer RollbackStack, which moto lacks: go back from a failure that was not rolled back."""
    stack = requested.existing(handler)
    if stack.status not in FAILED:
        raise EmbeddedError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be rolled back.")
    stack.roll_back(clients_of(handler), requested.execution(handler))
    return ActionResult({"StackId": stack.stack_id})


def detect_stack_drift(handler: CloudFormationResponse) -> ActionResult:
    """Answer DetectStackDrift, which moto lacks; it has ended when the answer comes."""
    stack, detection_id = requested.existing(handler), str(uuid.uuid4())
    detected = detection.detect(detection_id, stack.stack_id, _deployed(stack), clients_of(handler))
    _detections(handler)[detection_id] = detected
    stack.drift_information = detected.summary
    return ActionResult({"StackDriftDetectionId": detection_id})


def describe_stack_drift_detection_status(handler: CloudFormationResponse) -> ActionResult:
    """Answer DescribeStackDriftDetectionStatus, which moto lacks."""
    detection_id = handler._get_param("StackDriftDetectionId")
    if detection_id not in _detections(handler):
        raise EmbeddedError(f"No drift detection operation found for id {detection_id}")
    return ActionResult(_detections(handler)[detection_id].describe())


def describe_stack_resource_drifts(handler: CloudFormationResponse) -> ActionResult:
    """Answer DescribeStackResourceDrifts, which moto lacks, with the latest detection in the stack."""
    stack = requested.existing(handler)
    wanted = handler._get_param("StackResourceDriftStatusFilters") or ["DELETED", "IN_SYNC", "MODIFIED"]
    own = [one for one in _detections(handler).values() if one.stack_id == stack.stack_id]
    return ActionResult({"StackResourceDrifts": own[-1].drifts(wanted) if own else []})


def delete_stack(handler: CloudFormationResponse) -> ActionResult:
    """Answer DeleteStack, also with success where there is no such stack, as on AWS."""
    stack = requested.find(handler.cloudformation_backend, handler._get_param("StackName"))
    if stack is not None:
        retained = handler._get_param("RetainResources", [])
        if retained and stack.status != "DELETE_FAILED":
            raise EmbeddedError("RetainResources can be specified only for a stack in DELETE_FAILED state")
        stack.delete(clients_of(handler), handler._get_param("ClientRequestToken"), retained)
        requested.forget_change_sets(handler, stack)
        _bury(handler, stack)
    return EmptyResult()


def _bury(handler: CloudFormationResponse, stack: EmbeddedStack) -> None:
    """Free the name of a stack that was deleted; its id still tells of it."""
    if stack.status == "DELETE_COMPLETE":
        deleted: dict[str, Any] = handler.cloudformation_backend.deleted_stacks
        deleted[stack.stack_id] = requested.stacks_of(handler).pop(stack.stack_id)


def update_termination_protection(handler: CloudFormationResponse) -> ActionResult:
    """Answer UpdateTerminationProtection, which moto lacks."""
    stack = requested.existing(handler)
    stack.enable_termination_protection = bool(handler._get_param("EnableTerminationProtection"))
    return ActionResult({"StackId": stack.stack_id})


def _with_validation_errors(action: Callable[[CloudFormationResponse], ActionResult]) -> Callable[[Any], ActionResult]:
    @wraps(action)
    def perform(handler: CloudFormationResponse) -> ActionResult:
        try:
            refuse_unmodelled(handler)
            return action(handler)
        except EmbeddedError as error:
            raise ValidationError(message=str(error)) from error

    return perform


def _not_modelled(_: CloudFormationResponse) -> ActionResult:
    raise NotImplementedError


def _events(backend: CloudFormationBackend, stack_name: str) -> list[Any]:
    """Replace CloudFormationBackend.describe_stack_events, which words the refusal as DescribeStacks does."""
    stacks: dict[str, Any] = {**backend.deleted_stacks, **backend.stacks}
    alive = requested.find(backend, stack_name)
    if alive is None and stack_name not in stacks:
        raise ValidationError(message=f"Stack [{stack_name}] does not exist")
    events: list[Any] = (alive or stacks[stack_name]).events
    return events


def _detections(handler: CloudFormationResponse) -> dict[str, detection.DriftDetection]:
    detections: dict[str, detection.DriftDetection] = vars(handler.cloudformation_backend).setdefault(
        "drift_detections", {}
    )
    return detections
