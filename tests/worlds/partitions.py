"""The shipped example as it would stand in another partition."""

import re

from tableguard.partitions import WITHOUT_USER_POOLS
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.settings import Settings, parse

HOMES = {"aws": "eu-central-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}


def settings_in(partition: str) -> Settings:
    """Return the default settings with a home region of a partition, and the ARNs that it has."""
    text = (EXAMPLE_SETTINGS / "default.toml").read_text(encoding="utf-8")
    text = text.replace("arn:aws:", f"arn:{partition}:").replace(HOMES["aws"], HOMES[partition])
    if partition in WITHOUT_USER_POOLS:
        text = re.sub(r"\[login\].*?\n\n", "", text, flags=re.DOTALL)
    return parse(text, partition)
