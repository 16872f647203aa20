"""The call that a thread is answering: authorization knows it first, and whoever records it needs its answer too."""

from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any

from tableguard.local.authorization.call import ApiCall
from tableguard.local.authorization.refusal import Refusal


@dataclass
class CallUnderWay:
    """A call by its protocol, with why it was refused if it was."""

    call: ApiCall
    protocol: str
    refusal: Refusal | None = None


_CURRENT: ContextVar[CallUnderWay | None] = ContextVar("call under way", default=None)


def begin() -> Token[Any]:
    """Begin a request of this thread, whose call is not yet known; a request may be made to answer another."""
    return _CURRENT.set(None)


def end(token: Token[Any]) -> CallUnderWay | None:
    """End a request, and return its call; None if nobody was authorized for it, as for the setup key."""
    call = _CURRENT.get()
    _CURRENT.reset(token)
    return call


def note(call: CallUnderWay) -> None:
    """Note the call that this thread's request makes."""
    _CURRENT.set(call)
