"""Correction of moto's Account Management: every operation reaches its handler, and so the guard that decides first.

moto has addresses for three operations on contacts alone. A request to another was answered as not modelled before
anybody asked who may make it: whether an administrator may close a region to the account, nothing here could say.
"""

from moto.account import urls
from moto.account.responses import AccountResponse
from moto.core.utils import get_service_model


def install() -> None:
    """Give each operation of the service the address that AWS has for it; what moto lacks is still not modelled."""
    model = get_service_model("account")
    for name in model.operation_names:
        path = model.operation_model(name).http["requestUri"]
        urls.url_paths.setdefault(f"{{0}}{path}$", AccountResponse.dispatch)
