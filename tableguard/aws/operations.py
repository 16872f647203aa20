"""The IAM actions that API operations require where their names differ, and the operations that have none.

The service authorization reference lists actions, the SDKs' models operations. The table operations.toml beside this
module leads from one to the other; an operation that it does not name requires the action of its own name.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parent / "operations.toml"
_OTHER_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}


@dataclass(frozen=True)
class OtherwiseNamed:
    """An operation's actions, the main one first and none where it has none; with the reason, or AWS's page."""

    actions: tuple[str, ...]
    because: str


@lru_cache(maxsize=1)
def otherwise_named() -> Mapping[str, OtherwiseNamed]:
    """Return the operations that require no action of their own name, by `service:Operation` with IAM's prefix."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {
        f"{group['service']}:{operation}": OtherwiseNamed(tuple(actions), group["because"])
        for group in table["group"]
        for operation, actions in group["actions"].items()
    }


def main_action(operation: str) -> str:
    """Return the action that an operation, `service:Operation`, requires first: its own name unless listed here."""
    listed = otherwise_named().get(operation)
    return listed.actions[0] if listed and listed.actions else operation


def parameters_of(model: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return the operations of one of botocore's service models, each with the names of its parameters."""
    shapes = model["shapes"]
    return {
        name: frozenset(shapes[operation["input"]["shape"]].get("members", ())) if "input" in operation else frozenset()
        for name, operation in model["operations"].items()
    }


def service_of(model: Mapping[str, Any]) -> str:
    """Return the prefix that IAM has for a model's service: the name that requests are signed for, but for two."""
    metadata = model["metadata"]
    signed = str(metadata.get("signingName") or metadata["endpointPrefix"])
    return _OTHER_PREFIXES.get(signed, signed)
