"""Submissions to CloudFormation: the template, parameters and tags of a request, and clients of its caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.responses import CloudFormationResponse

from tableguard.cloudformation.template import Template, read, required_capability, unknown_types
from tableguard.errors import EmbeddedError
from tableguard.local.clients.factory import Clients
from tableguard.local.clients.identities import SETUP_KEY
from tableguard.local.stacks.types import ALL

# parameters of the API's requests
_NOT_MODELLED = (
    "DeletionMode",
    "DeploymentConfig",
    "ForceRollback",
    "ImportExistingResources",
    "ResourceTypes",
    "RetainExceptOnCreate",
    "RoleARN",
    "RollbackConfiguration",
    "StackPolicyBody",
    "StackPolicyDuringUpdateBody",
    "StackPolicyDuringUpdateURL",
    "StackPolicyURL",
    "TimeoutInMinutes",
)
_AS_USUAL = ("STANDARD",)  # the DeletionMode that says what happens anyway


@dataclass(frozen=True)
class Submission:
    """The template, parameter values and tags that a caller submits for a stack."""

    text: str
    template: Template
    parameters: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def values(self) -> dict[str, str]:
        """Return the text of each parameter that has one: submitted, or the template's default."""
        texts = {
            name: self.parameters.get(name, declared.get("Default"))
            for name, declared in self.template.parameters.items()
        }
        return {name: str(text) for name, text in texts.items() if text is not None}

    @property
    def shown_values(self) -> dict[str, str]:
        """Return every parameter with its value, which NoEcho hides."""
        declared, values = self.template.parameters, self.values
        hidden = {name for name in declared if str(declared[name].get("NoEcho", False)).lower() == "true"}
        return {name: "****" if name in hidden else values.get(name, "") for name in declared}

    def same_as(self, other: "Submission") -> bool:
        """Return True if both are equal but for sections that cannot be updated by themselves.

        Templates are compared as documents, not as text, and parameters by their values: one that keeps what it had
        before is the same, whether that was the template's default or submitted.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-get-template.html
        """
        first, second = (_without_notes(one.template.document) for one in (self, other))
        return (first, self.values, self.tags) == (second, other.values, other.tags)


_BY_THEMSELVES_NOTHING = frozenset({"Conditions", "Description", "Mappings", "Metadata"})


def _without_notes(document: Mapping[str, Any]) -> dict[str, Any]:
    return {section: content for section, content in document.items() if section not in _BY_THEMSELVES_NOTHING}


class InsufficientCapabilities(CloudFormationError):
    """The caller did not acknowledge that the template changes IAM."""

    code = "InsufficientCapabilitiesException"


def refuse_unmodelled(handler: CloudFormationResponse) -> None:
    """Refuse a request with a parameter that would change the outcome on AWS, and has no effect here; EmbeddedError."""
    for name in _NOT_MODELLED:
        value = handler._get_param(name)
        if value and value not in _AS_USUAL:
            raise EmbeddedError(f"{name} is not modelled")


def read_submission(handler: CloudFormationResponse, previous: Submission | None) -> Submission:
    """Return the submission of a request; EmbeddedError if CloudFormation would refuse it before it begins."""
    text, template = read_template(handler, previous)
    _check_capabilities(required_capability(template), handler._get_param("Capabilities", []))
    tags = _tags(handler, previous)
    return Submission(text, template, _parameters(handler, previous.values if previous else {}), tags)


def read_template(handler: CloudFormationResponse, previous: Submission | None = None) -> tuple[str, Template]:
    """Return the template of a request, as text too; EmbeddedError if it is none, or has types that are not known."""
    text, url = _template_text(handler, previous)
    template = _read(text, url)
    unknown = unknown_types(template, ALL)
    if unknown:
        raise EmbeddedError(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    return text, template


@lru_cache(maxsize=32)
def _read(text: str, url: bool) -> Template:
    """Return a template as `read` does, each once: a plan, its deployment and the next deployment submit the same."""
    return read(text, url)


def _template_text(handler: CloudFormationResponse, previous: Submission | None) -> tuple[str, bool]:
    """Return the template's text, and True if it came by URL, where it may be larger."""
    body, url = handler._get_param("TemplateBody"), handler._get_param("TemplateURL")
    if body:
        return body, False
    if url:
        return _template_from_s3(handler, url), True
    if handler._get_param("UsePreviousTemplate") and previous:
        return previous.text, True
    raise EmbeddedError("Either Template URL or Template Body must be specified.")


def _template_from_s3(handler: CloudFormationResponse, url: str) -> str:
    """Return a template from S3, read as the caller; the bucket is in the host name or first in the path."""
    host, path = urlsplit(url).netloc, urlsplit(url).path.lstrip("/")
    bucket, key = path.split("/", 1) if host.startswith("s3") else (host.split(".s3")[0], path)
    s3 = clients_of(handler)("s3", handler.current_account, handler.region)
    try:
        return str(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
    except ClientError as error:
        raise EmbeddedError(f"S3 error for {url}: {error}") from error


def _check_capabilities(required: str | None, acknowledged: list[str]) -> None:
    accepted = {"CAPABILITY_NAMED_IAM", required}  # which includes the lesser one
    if required is not None and not accepted & set(acknowledged):
        raise InsufficientCapabilities(f"Requires capabilities : [{required}]")


def _tags(handler: CloudFormationResponse, previous: Submission | None) -> Mapping[str, str]:
    """Return the request's tags; UpdateStack without any keeps those of the stack, and an empty list removes them.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStack.html
    """
    tags = handler._get_param("Tags")
    if tags is None and previous is not None and handler._get_action() == "UpdateStack":
        return previous.tags
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def _parameters(handler: CloudFormationResponse, previous: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for parameter in handler._get_param("Parameters", []):
        name = parameter["ParameterKey"]
        if not parameter.get("UsePreviousValue"):
            values[name] = parameter["ParameterValue"]
        elif name in previous:
            values[name] = previous[name]
        else:  # AWS's words
            raise EmbeddedError(
                f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter key "
                "not in the previous template"
            )
    return values


def clients_of(handler: CloudFormationResponse) -> Clients:
    """Return clients that act as the caller of this request: its permissions decide about each resource."""
    clients: dict[str, Clients] = vars(handler.cloudformation_backend).setdefault("clients_by_access_key", {})
    if handler.access_key not in clients:
        via = "" if handler.access_key == SETUP_KEY else "cloudformation.amazonaws.com"
        clients[handler.access_key] = Clients(f"http://{handler.headers['Host']}", handler.access_key, via)
    return clients[handler.access_key]
