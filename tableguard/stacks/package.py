"""Package stream_lambda/ as the function's zip: the same bytes for the same source, wherever it is built."""

import hashlib
import io
import zipfile
from pathlib import Path

import stream_lambda
from tableguard.errors import DeployError

SOURCE = Path(stream_lambda.__file__).parent
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can express
_READABLE_BY_ALL = 0o100644  # Lambda runs the function as a user of its own
_UNIX = 3


def build(source: Path = SOURCE) -> bytes:
    """Return the zip, with the folder at its root so that the handler is stream_lambda.handler.handle."""
    modules = sorted(source.glob("*.py"))
    if not modules:
        raise DeployError(f"{source}: no Python modules to package")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for module in modules:
            archive.writestr(_entry(f"{stream_lambda.__name__}/{module.name}"), module.read_bytes(), compresslevel=9)
    return buffer.getvalue()


def code_key(body: bytes) -> str:
    """Return a zip's key in the artifact bucket, which has its hash: another package is another key."""
    return f"pattern-d/{hashlib.sha256(body).hexdigest()}.zip"


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _READABLE_BY_ALL << 16
    entry.create_system = _UNIX
    return entry
