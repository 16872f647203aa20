"""What helps after a failure: from CloudFormation's words, and from the state that it left the stack in."""

from collections.abc import Callable, Sequence

from botocore.exceptions import ClientError

from tableguard.stacks import status

NO_REPLACEMENT = "Replacement type updates not supported"
DENIED = "not authorized to perform"  # in every message of a denial
_AGAIN = "AWS was busy: run the same command again"
# words of the services, in the order in which they are looked for -> what helps
_LIKELY: tuple[tuple[str, str], ...] = (
    (
        "MaxNumberOfConfigurationRecordersExceeded",
        "an account has one recorder a Region: leave config out of stacks.optional, or delete the other recorder",
    ),
    ("ExpiredToken", "the credentials ended while CloudFormation worked with them: sign in again"),
    ("security token included in the request is expired", "sign in again"),
    (DENIED, "`tableguard why` with this message says which statement refused it, and what would allow it"),
    ("AccessDenied", "`tableguard preflight` says which guardrail stands in the way"),
    ("already exists", "remove what has that name, or give the workload another name"),
    ("LimitExceeded", "ask for more in Service Quotas"),
    ("quota", "ask for more in Service Quotas"),
    ("Throttling", _AGAIN),
    ("Rate exceeded", _AGAIN),
    ("ServiceUnavailable", _AGAIN),
    ("InternalFailure", _AGAIN),
)


def likely(reason: str) -> str:
    """Return what probably helps against a failure, by CloudFormation's reason; "" where nobody can tell."""
    return next((remedy for words, remedy in _LIKELY if words.lower() in reason.lower()), "")


def after(stack: str, reasons: Sequence[str], ended: str, remedy: Callable[[str], str]) -> str:
    """Return why an operation failed, what it left, and what to do; the first reason has the likely remedy."""
    first = remedy(reasons[0])
    hint = f" (likely remedy: {first})" if first else ""
    text = "; then ".join((f"{reasons[0]}{hint}", *reasons[1:]))
    left = "what succeeded is kept" if ended in status.FAILED else f"the stack is {ended}"
    if NO_REPLACEMENT in text:
        next_step = f"go back with `aws cloudformation rollback-stack --stack-name {stack}`, then run it again"
    else:
        next_step = "mend this, and run the same command again"
    return f"{text}; {left}: {next_step}"


def of_refusal(error: ClientError, remedy: Callable[[str], str]) -> str:
    """Return what helps where a policy refused an operation on the stack itself; "" of any other refusal."""
    if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
        return ""
    explained = f"; {remedy(str(error))}" if DENIED in str(error) else ""
    return f"{explained}; deploy with --management-profile too: it then says beforehand who may, and how"
