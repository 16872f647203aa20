"""Calls to a service's API with a template's values, and the errors of reading a resource back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tableguard.cloudformation.equality import compare
from tableguard.cloudformation.resource_type import AbsentError, Client, Properties
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types.translate import document_text


def call(client: Client, operation: str, **parameters: Any) -> dict[str, Any]:
    """Call an operation without the parameters that are None, each value cast to the type the API wants.

    CloudFormation accepts "5" for 5, "true" for true and the reverse; the APIs do not.
    """
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
    given = {name: value for name, value in parameters.items() if value is not None}
    answer: dict[str, Any] = getattr(client, operation)(**_cast(given, model.input_shape))
    return answer


def _cast(value: Any, shape: Any) -> Any:
    if shape is None:
        return value
    if isinstance(value, Mapping):
        members = shape.members if shape.type_name == "structure" else {}
        inner = shape.value if shape.type_name == "map" else None
        return {key: _cast(value[key], members.get(key, inner)) for key in value}
    if isinstance(value, list):
        return [_cast(item, shape.member if shape.type_name == "list" else None) for item in value]
    return _SCALARS.get(shape.type_name, _same)(value)


def text(value: Any) -> str:
    """A scalar as the services spell it: true and false in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def attributes(properties: Properties, *names: str) -> dict[str, str]:
    """Those of the named properties that the template declares as SQS and SNS take them: texts, objects as JSON."""
    return {name: _attribute(value) for name, value in chosen(properties, *names).items()}


def _attribute(value: Any) -> str:
    return document_text(value) if isinstance(value, Mapping) else text(value)


def agreed(documents: Sequence[Any]) -> Any:
    """The one document that all of them are, or all of them where they differ."""
    return documents[0] if all(document == documents[0] for document in documents) else list(documents)


def _same(value: Any) -> Any:
    return value


def _boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(text(value).lower(), value)


def _number(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        try:
            return kind(value)
        except (TypeError, ValueError):
            return value  # botocore refuses it with the parameter's name

    return read


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "integer": _number(int),
    "long": _number(int),
    "float": _number(float),
    "double": _number(float),
    "boolean": _boolean,
    "string": text,
}


def chosen(properties: Properties, *names: str) -> Properties:
    """Those of the named properties that the template declares."""
    return {name: properties[name] for name in names if name in properties}


def given(**properties: Any) -> Properties:
    """Those of the values that the service gave: a property it left out is left out of the answer too."""
    return {name: value for name, value in properties.items() if value is not None}


def only(found: Sequence[Any], what: str) -> Any:
    """The one thing that was asked for; AbsentError if it is not there."""
    if len(found) != 1:
        raise AbsentError(f"{what}: not there")
    return found[0]


def code(error: ClientError) -> str:
    """The error code of a refused call."""
    return str(error.response.get("Error", {}).get("Code", ""))


def unless(absent: str, ask: Callable[[], Any]) -> Any:
    """The answer, or None where the service says with this error code that nothing is configured."""
    try:
        return ask()
    except ClientError as error:
        if code(error) != absent:
            raise
        return None


@contextmanager
def removed_on_failure(remove: Callable[[], object]) -> Iterator[None]:
    """Where making a resource takes several calls: a refusal midway leaves nothing behind, as in CloudFormation."""
    try:
        yield
    except (BotoCoreError, ClientError, EmbeddedError, KeyError):
        remove()
        raise


def refuse_replacement(type_name: str, current: Properties, wanted: Properties, *names: str) -> None:
    """Refuse an update for which CloudFormation would replace the resource, or that moto cannot make."""
    for difference in compare(chosen(wanted, *names), current):
        raise EmbeddedError(
            f"{type_name} {difference.property}: cannot change in place on the embedded AWS; "
            "give the resource another logical id, or delete the stack and deploy it anew"
        )
