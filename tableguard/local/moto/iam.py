"""Correction of moto's IAM: GetUser without a name is answered for users only.

moto invents a user, default_user, where a role asks. AWS refuses, as there is none:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html
"""

from collections.abc import Callable
from typing import Any

from moto.iam.exceptions import ValidationError
from moto.iam.responses import IamResponse

from tableguard.local.moto.patch import wrap
from tableguard.local.moto.sts import TEMPORARY


def install() -> None:
    """Replace IamResponse.get_user."""
    wrap(IamResponse, "get_user", _get_user)


def _get_user(get: Callable[[IamResponse], Any], response: IamResponse) -> Any:
    if not response._get_param("UserName") and response.get_access_key().startswith(TEMPORARY):
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return get(response)
