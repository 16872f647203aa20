"""Writes an AWS config file with a profile for each role of the estate, for as long as the estate runs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


@dataclass(frozen=True)
class EstateProfiles:
    """The config file for AWS_CONFIG_FILE, and the names of its profiles."""

    path: Path
    names: tuple[str, ...]


@contextmanager
def write_profiles(sessions: Mapping[str, Any], endpoint: str, region: str) -> Iterator[EstateProfiles]:
    """Write the file for the block, readable by its owner only, though its keys open nothing beyond loopback."""
    with TemporaryDirectory(prefix="tableguard-") as folder:
        path = Path(folder, "aws-config")
        path.touch(mode=0o600)
        text = "\n".join(_section(name, sessions[name], endpoint, region) for name in sessions)
        path.write_text(text, encoding="utf-8")
        yield EstateProfiles(path, tuple(sessions))


def _section(name: str, session: Any, endpoint: str, region: str) -> str:
    """Return a profile: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html."""
    keys = session.get_credentials()
    return (
        f"[profile {name}]\nregion = {region}\nendpoint_url = {endpoint}\naws_access_key_id = {keys.access_key}\n"
        f"aws_secret_access_key = {keys.secret_key}\naws_session_token = {keys.token}\n"
    )
