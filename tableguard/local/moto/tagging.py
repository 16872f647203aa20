"""Correction of moto's Resource Groups Tagging API: each key of a tag, and each value of one, is listed once.

moto lists one for each resource: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetTagKeys.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend

from tableguard.local.moto.patch import wrap


def install() -> None:
    """Replace what lists keys and values."""
    wrap(ResourceGroupsTaggingAPIBackend, "_get_tag_keys_generator", _once)
    wrap(ResourceGroupsTaggingAPIBackend, "_get_tag_values_generator", _once)


def _once(listed: Callable[..., Iterator[str]], *arguments: Any) -> Iterator[str]:
    return iter(dict.fromkeys(listed(*arguments)))
