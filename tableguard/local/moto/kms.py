"""moto makes an RSA key pair for every KMS key, 80 ms each, symmetric ones too, which never use it.

With this, a key pair is made when it is first asked for.
"""

from functools import cached_property

from moto.kms import models
from moto.kms.utils import AbstractPrivateKey, generate_private_key

from tableguard.local.moto.patch import replace


class PrivateKey(AbstractPrivateKey):
    """moto's private key of one kind, made when it first signs, verifies or is shown."""

    def __init__(self, key_spec: str) -> None:
        self.key_spec = key_spec

    @cached_property
    def _made(self) -> AbstractPrivateKey:
        return generate_private_key(self.key_spec)

    def sign(self, message: bytes, signing_algorithm: str) -> bytes:
        """As moto's."""
        return self._made.sign(message, signing_algorithm)

    def verify(self, message: bytes, signature: bytes, signing_algorithm: str) -> bool:
        """As moto's."""
        return self._made.verify(message, signature, signing_algorithm)

    def public_key(self) -> bytes:
        """As moto's."""
        return self._made.public_key()


def install() -> None:
    """Correct moto."""
    replace(models, "generate_private_key", PrivateKey)
