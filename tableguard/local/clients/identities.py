"""The access keys of setup and Lambda, and the headers of services that act for a caller."""

import secrets

# moto takes the account from this header before it looks at the access key
ACCOUNT_HEADER = "x-moto-account-id"

# The access key by which the embedded AWS is set up. It belongs to no principal, so no permission is required.
# Twenty capitals and digits, or moto does not take it for a key. No signature is checked on loopback.
SETUP_KEY = "EMBEDDEDAWSSETUP0000"

# The access key of Lambda itself, by which it assumes a function's role; no principal of an account has it.
LAMBDA_KEY = "EMBEDDEDAWSLAMBDA000"
LAMBDA = "lambda.amazonaws.com"

# The access key of DAX itself, by which it assumes a cluster's role; no principal of an account has it.
DAX_KEY = "EMBEDDEDAWSDAX000000"
DAX = "dax.amazonaws.com"

# The header by which a service says that it acts for a caller, with the caller's key. The word after the slash is
# known in this process only: a caller who sends the header himself is not believed.
VIA_HEADER = "x-embedded-via"
# The header by which a service says that it acts by itself, with a role that it was given: no condition sees it, but
# records name the service.
ACTING_HEADER = "x-embedded-acting"
_WORD = secrets.token_hex(16)


def via_header(service: str) -> str:
    """Return the value of the header by which a service of this process says that it acts for a caller."""
    return f"{service}/{_WORD}"


def via_of(header: str | None) -> str:
    """Return the service that a request's header says acts for the caller; empty if none does."""
    service, _, word = (header or "").partition("/")
    # as bytes, since a caller's header may have any character, and texts are compared in ASCII only
    return service if secrets.compare_digest(word.encode(), _WORD.encode()) else ""
