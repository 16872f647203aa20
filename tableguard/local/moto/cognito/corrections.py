"""All corrections to moto's Cognito, for user pools and identity pools alike."""

from tableguard.local.moto.cognito import credentials, identity_pools, sign_in, tokens, user_pools


def install() -> None:
    """Correct both services: a member's way leads from one to the other."""
    for part in (user_pools, sign_in, tokens, identity_pools, credentials):
        part.install()
