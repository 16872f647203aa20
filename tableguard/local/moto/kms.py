"""Correction of moto's KMS: a key pair is generated on first use.

moto generates an RSA key pair for every key, 80 ms each, also for symmetric keys, which never use it.
"""

from functools import cached_property

from moto.kms import models
from moto.kms.utils import AbstractPrivateKey, generate_private_key

from tableguard.local.moto.patch import replace


class LazyPrivateKey(AbstractPrivateKey):
    """A private key of moto's that is generated when it first signs, verifies or returns its public key."""

    def __init__(self, key_spec: str) -> None:
        self.key_spec = key_spec

    @cached_property
    def _key(self) -> AbstractPrivateKey:
        return generate_private_key(self.key_spec)

    def sign(self, message: bytes, signing_algorithm: str) -> bytes:
        """Sign as moto does."""
        return self._key.sign(message, signing_algorithm)

    def verify(self, message: bytes, signature: bytes, signing_algorithm: str) -> bool:
        """Verify as moto does."""
        return self._key.verify(message, signature, signing_algorithm)

    def public_key(self) -> bytes:
        """Return the public key as moto does."""
        return self._key.public_key()


def install() -> None:
    """Replace moto.kms.models.generate_private_key."""
    replace(models, "generate_private_key", LazyPrivateKey)
