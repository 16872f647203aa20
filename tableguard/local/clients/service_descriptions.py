"""Lets the sessions of this process share what botocore reads: a second of the six that `tableguard up` takes.

moto makes sessions of its own, six while it is imported. Each reads botocore's list of endpoints anew, and services'.
"""

from functools import cache
from typing import Any

import botocore.session


@cache
def share() -> None:
    """Give all sessions that are made from now on one loader; what it reads is only looked at."""
    session: Any = botocore.session  # whose stubs know nothing of the loader
    session.create_loader = cache(session.create_loader)
