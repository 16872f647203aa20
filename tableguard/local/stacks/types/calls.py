"""Helpers of the resource types for calling a service with a template's values and reading its answers."""

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
    arguments = {name: value for name, value in parameters.items() if value is not None}
    answer: dict[str, Any] = getattr(client, operation)(**_cast(arguments, model.input_shape))
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
    """Write a scalar as the services spell it: true and false in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def attributes(properties: Properties, *names: str) -> dict[str, str]:
    """Return those of the named properties that are declared, in the form of SQS and SNS: text, objects as JSON."""
    return {name: _attribute(value) for name, value in select(properties, *names).items()}


def _attribute(value: Any) -> str:
    return document_text(value) if isinstance(value, Mapping) else text(value)


def common_document(documents: Sequence[Any]) -> Any:
    """Return the document that all of these equal, or the list of them where they differ."""
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


def select(properties: Properties, *names: str) -> Properties:
    """Return those of the named properties that the template declares."""
    return {name: properties[name] for name in names if name in properties}


def without_none(**properties: Any) -> Properties:
    """Drop the values that are None: what the service leaves out is left out of the properties too."""
    return {name: value for name, value in properties.items() if value is not None}


def only(matching: Sequence[Any], what: str) -> Any:
    """Return the single match; AbsentError if there is none, or more than one."""
    if len(matching) != 1:
        raise AbsentError(f"{what}: not there")
    return matching[0]


def error_code(error: ClientError) -> str:
    """Return the error code of a refused call."""
    return str(error.response.get("Error", {}).get("Code", ""))


def none_on_error(absent: str, call_service: Callable[[], Any]) -> Any:
    """Call, and return None where the service answers with this error code: nothing is configured."""
    try:
        return call_service()
    except ClientError as error:
        if error_code(error) != absent:
            raise
        return None


@contextmanager
def remove_on_failure(remove: Callable[[], object]) -> Iterator[None]:
    """Run `remove` if the block fails: creating a resource by several calls leaves nothing behind, as on AWS.

    If `remove` is refused too, the block's failure stays the reason, and says what was left behind.
    """
    try:
        yield
    except (BotoCoreError, ClientError, EmbeddedError, KeyError) as error:
        try:
            remove()
        except (BotoCoreError, ClientError, EmbeddedError) as refused:
            raise EmbeddedError(f"{error}; what was made of it could not be removed again: {refused}") from error
        raise


def refuse_replacement(type_name: str, current: Properties, wanted: Properties, *names: str) -> None:
    """Refuse an update for which CloudFormation would replace the resource, or that moto cannot make."""
    for difference in compare(select(wanted, *names), current):
        raise EmbeddedError(
            f"{type_name} {difference.property}: cannot change in place on the embedded AWS; "
            "give the resource another logical id, or delete the stack and deploy it anew"
        )
