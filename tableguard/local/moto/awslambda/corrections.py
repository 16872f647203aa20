"""Puts the corrections of this folder into moto's Lambda."""

from tableguard.local.moto.awslambda import (
    announcements,
    dead_letters,
    function_limits,
    invocations,
    logging_config,
    mappings,
)


def install() -> None:
    """Install each."""
    mappings.install()
    announcements.install()
    invocations.install()
    logging_config.install()
    dead_letters.install()
    function_limits.install()
