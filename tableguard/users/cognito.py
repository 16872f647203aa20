"""A Cognito user pool as a user store: a person is its `sub`, the handle its preferred_username, the name its name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stream_lambda.items import User
from tableguard.users.model import UserAccount

_PAGE = 60  # the most that ListUsers answers at once


@dataclass(frozen=True)
class UserPool:
    """A user pool and a client for it; a person without handle or name goes by what there is instead."""

    client: Any  # botocore makes its classes at run time
    pool_id: str

    @property
    def name(self) -> str:
        """Return what messages call the pool."""
        return f"user pool {self.pool_id}"

    def accounts(self) -> Iterator[UserAccount]:
        """Yield every account, in no order."""
        pages = self.client.get_paginator("list_users").paginate(UserPoolId=self.pool_id, Limit=_PAGE)
        yield from (_account(user) for page in pages for user in page["Users"])


def _account(user: Mapping[str, Any]) -> UserAccount:
    attributes = {attribute["Name"]: attribute.get("Value", "") for attribute in user["Attributes"]}
    handle = attributes.get("preferred_username") or user["Username"]
    return UserAccount(User(attributes["sub"], attributes.get("name") or handle, handle), bool(user["Enabled"]))
