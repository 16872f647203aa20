"""Corrections of how moto lets somebody sign in."""


def install() -> None:
    """Correct nothing yet."""
