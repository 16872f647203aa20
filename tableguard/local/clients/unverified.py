"""Signatures that nobody verifies: who asks, for which service and region, without 0.5 ms of hashing a request."""

from collections.abc import Iterable
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders

NAME = "tableguard-unverified"


class UnverifiedSignature(SigV4Auth):
    """Signature Version 4 with its headers and the key's scope, which the embedded AWS reads; its signature is 0."""

    def canonical_request(self, _request: AWSRequest) -> str:
        """Return nothing, as nothing of the request is hashed."""
        return ""

    def string_to_sign(self, _request: AWSRequest, _canonical_request: str) -> str:
        """Return nothing, as nothing is signed."""
        return ""

    def signature(self, _string_to_sign: str, _request: AWSRequest) -> str:
        """Return a signature that is none."""
        return "0"

    def headers_to_sign(self, _request: AWSRequest) -> HTTPHeaders:
        """Return no header: none is signed."""
        return HTTPHeaders()

    def signed_headers(self, headers_to_sign: Iterable[str]) -> str:
        """Return the name of one header, as a signature must name some."""
        return "host"


def choose(signature_version: Any, **_: Any) -> str | None:
    """Return this signature's name in place of the ordinary one; None leaves S3's, presigned and unsigned requests."""
    return NAME if signature_version == "v4" else None
