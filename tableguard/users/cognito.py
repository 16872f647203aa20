"""A Cognito user pool as a user store: a person is its `sub`, the handle its preferred_username, the name its name.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from stream_lambda.items import User
from tableguard.errors import UserStoreError
from tableguard.users.model import UserAccount

_PAGE = 60  # the most that ListUsers answers at once
_HANDLE, _NAME, _SUB = "preferred_username", "name", "sub"


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
        yield from map(_account, self._listed())

    def profile(self, user_uuid: str) -> Mapping[str, Any] | None:
        """Return all that the pool says of a person; None if there is no account with this sub."""
        return next(self._listed(_SUB, user_uuid), None)

    def account(self, user_uuid: str) -> UserAccount | None:
        """Return a person's account; None if there is none with this sub."""
        profile = self.profile(user_uuid)
        return _account(profile) if profile else None

    def create(self, handle: str, display_name: str, email: str) -> UserAccount:
        """Make an account, to which Cognito mails a temporary password; UserStoreError if the handle is somebody's."""
        if next(self._listed(_HANDLE, handle), None):
            raise UserStoreError(f"{self.name}: the handle {handle!r} is somebody's already; choose another")
        attributes = {_HANDLE: handle, _NAME: display_name, "email": email, "email_verified": "true"}
        with self._asked(f"create {handle}"):
            pool = self.client.describe_user_pool(UserPoolId=self.pool_id)["UserPool"]
            answer = self.client.admin_create_user(
                UserPoolId=self.pool_id,
                Username=email if "email" in pool.get("UsernameAttributes", ()) else handle,
                UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
                DesiredDeliveryMediums=["EMAIL"],
            )
        return _account(answer["User"])

    def enable(self, user_uuid: str) -> None:
        """Let a person sign in again."""
        with self._asked(f"enable {user_uuid}"):
            self.client.admin_enable_user(**self._named(user_uuid))

    def disable(self, user_uuid: str) -> None:
        """Let a person sign in no more, and end their sessions.

        Tokens that were given before stay valid until they expire; the identity pool asks for each and refuses these.
        """
        with self._asked(f"disable {user_uuid}"):
            named = self._named(user_uuid)
            self.client.admin_disable_user(**named)
            self.client.admin_user_global_sign_out(**named)

    def delete(self, user_uuid: str) -> None:
        """Delete a person's account."""
        with self._asked(f"delete {user_uuid}"):
            self.client.admin_delete_user(**self._named(user_uuid))

    def _named(self, user_uuid: str) -> dict[str, str]:
        profile = self.profile(user_uuid)
        if profile is None:
            raise UserStoreError(f"{self.name}: no account of {user_uuid!r}; tableguard users list shows all")
        return {"UserPoolId": self.pool_id, "Username": profile["Username"]}

    def _listed(self, attribute: str = "", value: str = "") -> Iterator[Mapping[str, Any]]:
        """Yield accounts: all, or those of which an attribute has a value."""
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        only = {"Filter": f'{attribute} = "{quoted}"'} if attribute else {}
        with self._asked("list users"):
            pages = self.client.get_paginator("list_users").paginate(UserPoolId=self.pool_id, Limit=_PAGE, **only)
            for page in pages:
                yield from page["Users"]

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        """Raise what Cognito refuses as an error that names the pool and what was asked."""
        try:
            yield
        except ClientError as error:
            problem = error.response["Error"]
            raise UserStoreError(f"{self.name}: {what}: {problem['Code']}: {problem['Message']}") from error


def attributes_of(profile: Mapping[str, Any]) -> dict[str, str]:
    """Return a person's attributes by name."""
    return {attribute["Name"]: attribute.get("Value", "") for attribute in profile["Attributes"]}


def _account(profile: Mapping[str, Any]) -> UserAccount:
    attributes = attributes_of(profile)
    handle = attributes.get(_HANDLE) or profile["Username"]
    return UserAccount(User(attributes[_SUB], attributes.get(_NAME) or handle, handle), bool(profile["Enabled"]))
