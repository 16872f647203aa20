"""Puts the corrections of this folder into moto's Lambda."""

from tableguard.local.moto.awslambda import announcements, invocations, logging_config


def install() -> None:
    """Install each."""
    announcements.install()
    invocations.install()
    logging_config.install()
