"""Explanations of requests that are written short, with the shipped settings or others."""

from collections.abc import Mapping
from dataclasses import replace

from tableguard.prove.explain.explanation import Explanation, explained
from tableguard.prove.explain.inquiry import Inquiry
from tableguard.settings import Settings, example

PLAIN = example()
ENCRYPTED = replace(PLAIN, client_side_encryption=True)
MESSAGE: Mapping[str, str | tuple[str, ...]] = {
    "kms:EncryptionContextKeys": ("message_group_uuid", "message_uuid"),
    "kms:EncryptionContext:message_group_uuid": "a",
    "kms:EncryptionContext:message_uuid": "b",
}


def explanation(
    call: str,
    principal: str = "role/Admin",
    settings: Settings = ENCRYPTED,
    context: Mapping[str, str | tuple[str, ...]] = MESSAGE,
) -> Explanation:
    """Return the explanation of `ACTION RESOURCE`."""
    action, _, resource = call.partition(" ")
    return explained(Inquiry(principal, action, resource, "", context), settings)
