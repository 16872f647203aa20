"""Deploy rendered stacks to an account, in order, through change sets, on AWS and on the embedded AWS alike."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal

from botocore.exceptions import ClientError, WaiterError

from tableguard.cloudformation.limits import TEMPLATE_BODY_BYTES
from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings
from tableguard.stacks import package
from tableguard.stacks.registry import Principal, StackModule, enabled_stacks
from tableguard.stacks.render import render

Session = Any  # boto3.Session, whose clients botocore makes at run time
DeploymentOutcome = Literal["created", "updated", "unchanged"]

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
# AWS's own words for a change set without changes; there is no error code for it
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class ResourceChange:
    """One line of a change set: an action of CloudFormation on one resource."""

    action: str
    logical_id: str
    resource_type: str
    replacement: bool


@dataclass(frozen=True)
class Deployment:
    """The outcome of deploying one stack."""

    stack: str
    stack_name: str
    outcome: DeploymentOutcome
    changes: tuple[ResourceChange, ...]
    seconds: float


@dataclass(frozen=True)
class PollInterval:
    """Seconds between two questions to CloudFormation, and how many to ask."""

    delay: float = 5.0
    attempts: int = 720

    @property
    def config(self) -> dict[str, float]:
        """Return the WaiterConfig for botocore."""
        return {"Delay": self.delay, "MaxAttempts": self.attempts}


def deploy(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    approve: Callable[[StackModule, tuple[ResourceChange, ...]], bool],
    stacks: tuple[StackModule, ...] | None = None,
) -> Iterator[Deployment]:
    """Deploy stacks in order and yield each outcome; DeployError stops at the first failure.

    `session` returns the boto3 session of a principal. It is called when the first of its stacks comes up, because a
    stack creates the deployer's role. `approve` sees the changes before they are made.
    """
    wanted = enabled_stacks(settings) if stacks is None else stacks
    rendered = render(settings, wanted)
    for stack in wanted:
        yield _Deployer(settings, session(stack.principal), interval).deploy(stack, rendered[stack.name], approve)


class _Deployer:
    """Deploys one stack with one session."""

    def __init__(self, settings: Settings, session: Session, interval: PollInterval) -> None:
        self.settings, self.session, self.interval = settings, session, interval
        self.cloudformation = self.client("cloudformation")

    def client(self, service: str) -> Any:
        return self.session.client(service, region_name=self.settings.home_region)

    def deploy(
        self, stack: StackModule, template: str, approve: Callable[[StackModule, tuple[ResourceChange, ...]], bool]
    ) -> Deployment:
        started = time.perf_counter()
        name = self.settings.stack_name(stack.name)
        exists = self.exists(name)
        change_set = self.change_set(name, template, "UPDATE" if exists else "CREATE")
        changes = self.changes(change_set)
        outcome: DeploymentOutcome = "unchanged"
        if changes is not None:
            if not approve(stack, changes):
                self.cloudformation.delete_change_set(ChangeSetName=change_set)
                raise DeployError(f"stack {name}: changes were not approved; nothing was changed")
            self.execute(name, change_set, exists)
            outcome = "updated" if exists else "created"
        self.cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)
        return Deployment(stack.name, name, outcome, changes or (), time.perf_counter() - started)

    def exists(self, name: str) -> bool:
        """Tell whether the stack has resources; one that only ever had a change set counts as new."""
        try:
            (stack,) = self.cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return False
            raise DeployError(f"stack {name}: {error}") from error
        status = stack["StackStatus"]
        if status.startswith(("ROLLBACK_", "DELETE_")) or status == "CREATE_FAILED":
            raise DeployError(
                f"stack {name}: is {status} from an earlier attempt; delete it and deploy again: "
                f"aws cloudformation delete-stack --stack-name {name}"
            )
        return bool(status != "REVIEW_IN_PROGRESS")

    def change_set(self, name: str, template: str, kind: str) -> str:
        document = cloudformation_yaml.load(template)
        try:
            response = self.cloudformation.create_change_set(
                StackName=name,
                ChangeSetName=f"tableguard-{hashlib.sha256(template.encode()).hexdigest()[:16]}",
                ChangeSetType=kind,
                Capabilities=_CAPABILITIES,
                Parameters=self.parameters(name, document.get("Parameters", {})),
                Tags=[{"Key": "Application", "Value": self.settings.name}],
                **self.template_argument(name, template),
            )
        except ClientError as error:
            raise DeployError(f"stack {name}: CloudFormation refused the template: {error}") from error
        return str(response["Id"])

    def template_argument(self, name: str, template: str) -> dict[str, str]:
        body = template.encode()
        if len(body) <= TEMPLATE_BODY_BYTES:
            return {"TemplateBody": template}
        key = f"templates/{name}/{hashlib.sha256(body).hexdigest()}.yaml"
        self.upload(key, body)
        return {
            "TemplateURL": f"https://{self.settings.artifact_bucket}.s3.{self.settings.home_region}.amazonaws.com/{key}"
        }

    def parameters(self, name: str, declared: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return values for the template's parameters that have no default; each has its one source here."""
        sources = {"CodeKey": self.code_key, "DynamoDbPrefixListId": self.dynamodb_prefix_list}
        required = sorted(key for key, value in declared.items() if "Default" not in value)
        for parameter in required:
            if parameter not in sources:
                raise DeployError(f"stack {name}: no value for its parameter {parameter}")
        return [{"ParameterKey": parameter, "ParameterValue": sources[parameter]()} for parameter in required]

    def upload(self, key: str, body: bytes) -> None:
        bucket = self.settings.artifact_bucket
        try:
            self.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ServerSideEncryption="aws:kms")
        except ClientError as error:
            raise DeployError(
                f"bucket {bucket}: {error}; it must exist and the deployer must be able to write to it "
                "(settings: buckets.artifacts)"
            ) from error

    def changes(self, change_set: str) -> tuple[ResourceChange, ...] | None:
        """Return the changes that the set would make, or None if there are none."""
        try:
            self.cloudformation.get_waiter("change_set_create_complete").wait(
                ChangeSetName=change_set, WaiterConfig=self.interval.config
            )
        except WaiterError as error:
            reason = str(error.last_response.get("StatusReason", error))
            self.cloudformation.delete_change_set(ChangeSetName=change_set)
            if any(words in reason for words in _NO_CHANGES):
                return None
            raise DeployError(f"change set {change_set}: {reason}") from error
        pages = self.cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
        changes = [change["ResourceChange"] for page in pages for change in page["Changes"]]
        return tuple(
            ResourceChange(c["Action"], c["LogicalResourceId"], c["ResourceType"], c.get("Replacement") == "True")
            for c in changes
        )

    def execute(self, name: str, change_set: str, exists: bool) -> None:
        try:
            self.cloudformation.execute_change_set(ChangeSetName=change_set)
            self.cloudformation.get_waiter("stack_update_complete" if exists else "stack_create_complete").wait(
                StackName=name, WaiterConfig=self.interval.config
            )
        except (ClientError, WaiterError) as error:
            raise DeployError(f"stack {name}: {self.failure(name) or error}") from error

    def failure(self, name: str) -> str:
        """Return the first failure of this attempt: the later ones are its consequences.

        Events come newest first: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
        """
        try:
            pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
            attempt = list(takewhile(lambda event: not _begins_attempt(event), _events(pages)))
        except ClientError:  # the caller then says what failed first: CloudFormation's own error
            return ""
        failed = [event for event in attempt if event["ResourceStatus"].endswith("_FAILED")]
        if not failed:
            return ""
        first = failed[-1]
        reason = first.get("ResourceStatusReason", "no reason given")
        return f"{first['LogicalResourceId']} ({first['ResourceType']}): {reason}"

    def code_key(self) -> str:
        """Upload the function's package and return its key, which has its hash: another package is another key."""
        body = package.build()
        key = package.code_key(body)
        self.upload(key, body)
        return key

    def dynamodb_prefix_list(self) -> str:
        """Return the prefix list of DynamoDB's addresses in this region, to which the function's requests may go."""
        name = f"com.amazonaws.{self.settings.home_region}.dynamodb"
        lists = self.client("ec2").describe_managed_prefix_lists(
            Filters=[{"Name": "prefix-list-name", "Values": [name]}]
        )["PrefixLists"]
        if len(lists) != 1:
            raise DeployError(f"prefix list {name}: {len(lists)} found in {self.settings.home_region}, 1 expected")
        return str(lists[0]["PrefixListId"])


def _events(pages: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (event for page in pages for event in page["StackEvents"])


def _begins_attempt(event: Mapping[str, Any]) -> bool:
    """Tell whether an event is the stack's own, with which its creation or an update of it begins."""
    own = event.get("PhysicalResourceId") == event["StackId"]
    return own and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
