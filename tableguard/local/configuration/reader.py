"""What the readers of all services share: clients, pages, tags, and the words of configuration items."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from tableguard.compliance.item import ConfigurationItem

Client = Any  # botocore makes clients at run time


@dataclass(frozen=True)
class ResourceReader:
    """Where resources are read: one region of one account, by clients of whoever may look."""

    client: Callable[[str], Client]
    account_id: str
    region: str

    def pages(self, service: str, operation: str, answer: str, **parameters: Any) -> Iterator[Any]:
        """Return the members of a list that the service answers, of all of its pages."""
        client = self.client(service)
        if client.can_paginate(operation):
            for page in client.get_paginator(operation).paginate(**parameters):
                yield from page[answer]
        else:
            yield from getattr(client, operation)(**parameters).get(answer, ())

    def item(
        self, kind: str, identity: str, arn: str, configuration: Mapping[str, Any], **more: Any
    ) -> ConfigurationItem:
        """Build an item of this account and region; its name is its id unless `resource_name` is given."""
        named = {"resource_name": identity, "region": self.region, **more}
        return ConfigurationItem(
            resource_type=kind,
            resource_id=identity,
            arn=arn,
            account_id=self.account_id,
            configuration=configuration,
            **named,
        )


def unless(code: str, ask: Callable[[], Any], otherwise: Any = None) -> Any:
    """Ask a service, and return `otherwise` where it answers with this error code: nothing is configured."""
    try:
        return ask()
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
        return otherwise


def recorded(value: Any) -> Any:
    """Write an answer of a service in the words of AWS Config's older types: names begin small.

    All capitals at the beginning become small, as AWS's SDK for Java names its fields: SSEDescription becomes
    ssedescription, and KMSMasterKeyArn kmsmasterKeyArn.
    """
    if isinstance(value, Mapping):
        return {re.sub(r"^[A-Z]+", _small, name): recorded(inner) for name, inner in value.items() if name != _META}
    if isinstance(value, list):
        return [recorded(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value


_META = "ResponseMetadata"


def _small(match: re.Match[str]) -> str:
    return match[0].lower()


def tag_map(tags: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return tags as a map, from the lists in which most services answer them."""
    return {tag[key]: tag[value] for tag in tags}
