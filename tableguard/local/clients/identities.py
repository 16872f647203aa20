"""How the embedded AWS knows who asks: access keys of setup and Lambda, headers of services that act for a caller."""

import secrets

# moto takes the account from this header before it looks at the access key
ACCOUNT_HEADER = "x-moto-account-id"

# The access key of whoever sets the embedded AWS up: nobody's, so that there is no principal to ask permission for.
# Twenty capitals and digits, or moto does not take it for a key. No signature is checked on loopback.
SETUP_KEY = "EMBEDDEDAWSSETUP0000"

# The access key with which Lambda itself acts, and not a principal of an account: it takes a function's role.
LAMBDA_KEY = "EMBEDDEDAWSLAMBDA000"

# How a service that acts for a caller, with the caller's key, says so. The word after the slash is known in this
# process only: a caller who sends the header himself is not believed.
VIA_HEADER = "x-embedded-via"
_WORD = secrets.token_hex(16)


def via_header(service: str) -> str:
    """Return the value of the header by which a service of this process says that it acts for a caller."""
    return f"{service}/{_WORD}"


def via_of(header: str | None) -> str:
    """The service that acts for a caller, from the header by which it says so; empty if none does."""
    service, _, word = (header or "").partition("/")
    return service if secrets.compare_digest(word, _WORD) else ""
