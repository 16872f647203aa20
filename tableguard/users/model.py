"""A person's account in a user store, and what a user store can be asked.

A person is a uuid: Cognito's `sub`, and the user uuid in the table's keys. Handles and display names may change.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from stream_lambda.items import User


@dataclass(frozen=True)
class UserAccount:
    """One person in a user store; `enabled` is None where the store does not say whether they may sign in.

    `cognito_user_id` is what a database keeps as the person's id in Cognito; None in a store that keeps none.
    """

    user: User
    enabled: bool | None = None
    cognito_user_id: str | None = None


def facts(account: UserAccount) -> dict[str, str | bool | None]:
    """Return an account as JSON has it."""
    user = account.user
    return {"uuid": user.user_uuid, "handle": user.handle, "name": user.display_name, "enabled": account.enabled}


class UserStore(Protocol):
    """Where accounts are kept: Cognito, or an application's own database."""

    @property
    def name(self) -> str:
        """Return what messages call the store, such as `user pool eu-central-1_Example01`."""
        ...

    def accounts(self) -> Iterator[UserAccount]:
        """Yield every account, in no order; an error names what could not be read."""
        ...
