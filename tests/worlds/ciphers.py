"""A cipher whose ciphertexts show what they are bound to: that they are no secret does not matter to who reads them."""

import json
from collections.abc import Mapping

from tableguard.store.encryption import Cipher, MisfitError


def encrypt(text: bytes, context: Mapping[str, str]) -> bytes:
    """Bind a text to its context; that it is no secret here does not matter."""
    return json.dumps([text.decode(), dict(context)]).encode()


def decrypt(ciphertext: bytes, context: Mapping[str, str]) -> bytes:
    text, bound = json.loads(ciphertext)
    if bound != context:
        raise MisfitError("context")
    return str(text).encode()


CIPHER = Cipher(encrypt, decrypt)
