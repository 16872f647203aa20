"""Correction of moto's Lambda, which runs functions in Docker: here an invocation is not modelled.

moto's LambdaFunction.invoke starts a container from an image that it pulls, and answers 200 where there is no Docker.
AWS runs the function. The estate's function runs from its package, fed by our event source mapping.
"""

from typing import Any, NoReturn

from moto.awslambda.models import LambdaFunction

from tableguard.local.moto.patch import replace


def install() -> None:
    """Replace moto's LambdaFunction.invoke, which every caller uses: requests, topics, rules and queues."""
    replace(LambdaFunction, "invoke", _invoke)


def _invoke(_function: LambdaFunction, *_: Any, **__: Any) -> NoReturn:
    raise NotImplementedError
