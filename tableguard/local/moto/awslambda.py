"""Correction of moto's Lambda: it runs no function.

moto 5.2.5 would start a Docker container with an image that it pulls, and answers 200 where there is no Docker.
The function of the estate runs from its package, fed by our event source mapping.
"""

from typing import Any, NoReturn

from moto.awslambda.models import LambdaFunction

from tableguard.local.moto.patch import replace


def install() -> None:
    """Put the correction in place, below whatever would invoke a function: requests, topics, rules, queues."""
    replace(LambdaFunction, "invoke", _invoke)


def _invoke(_function: LambdaFunction, *_: Any, **__: Any) -> NoReturn:
    raise NotImplementedError
