"""What clients of the estate are configured by: an AWS config file, and a file that a shell reads in one line."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tableguard.local.estate import EmbeddedEstate
from tableguard.local.run_folder.folder import RunFolder

# What the user chose about output. Every other variable of AWS's is unset: keys, tokens and roles, which go before
# profiles; AWS_DEFAULT_PROFILE, before AWS_PROFILE; AWS_ENDPOINT_URL_DYNAMODB and its like, before AWS_ENDPOINT_URL;
# AWS_IGNORE_CONFIGURED_ENDPOINT_URLS; AWS_USE_FIPS_ENDPOINT, with which most SDKs refuse any other endpoint.
KEPT = ("AWS_PAGER", "AWS_DEFAULT_OUTPUT", "AWS_CLI_")  # beginnings of names
OF_THE_STORE = ("TABLEGUARD_MESSAGE_KEY", "TABLEGUARD_PLAINTEXT_BEFORE")


@dataclass(frozen=True)
class ClientConfiguration:
    """The two files, the names of the profiles, and what a shell exports."""

    config_file: Path
    environment_file: Path
    profiles: tuple[str, ...]
    variables: Mapping[str, str]


def write(estate: EmbeddedEstate, message_key: str | None, folder: RunFolder) -> ClientConfiguration:
    """Write both files into the folder of the run."""
    region = estate.settings.home_region
    sections = (_section(name, session, estate.endpoint, region) for name, session in estate.roles.items())
    config_file = folder.write("aws-config", "\n".join(sections))
    profile = "application" if "application" in estate.roles else "administrator"
    variables = _variables(estate.endpoint, region, config_file, profile, message_key)
    environment_file = folder.write("environment", _script(variables))
    return ClientConfiguration(config_file, environment_file, tuple(estate.roles), variables)


def _section(name: str, session: Any, endpoint: str, region: str) -> str:
    """Return a profile: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html."""
    keys = session.get_credentials()
    return (
        f"[profile {name}]\nregion = {region}\nendpoint_url = {endpoint}\naws_access_key_id = {keys.access_key}\n"
        f"aws_secret_access_key = {keys.secret_key}\naws_session_token = {keys.token}\n"
    )


def _variables(
    endpoint: str, region: str, config_file: Path, profile: str, message_key: str | None
) -> Mapping[str, str]:
    """Return what is exported: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html.

    The endpoint is named for the SDK for JavaScript, which reads that of AWS_PROFILE's profile alone. botocore reads
    AWS_DEFAULT_REGION, others AWS_REGION. A section of the user's own credentials file would go before ours.
    """
    of_the_store = {"TABLEGUARD_MESSAGE_KEY": message_key} if message_key else {}
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": str(config_file),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PROFILE": profile,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        **of_the_store,
    }


def _script(variables: Mapping[str, str]) -> str:
    """Return the text of the file that a shell reads; its `tableguard` is this one, and loopback has no proxy."""
    kept = " ".join(f"-e /^{beginning}/d" for beginning in KEPT)
    lines = [
        "# Written by `tableguard up`, and removed when it ends. For sh, bash and zsh.",
        "# Every variable of AWS's goes, but for those about output, so that nothing of yours is used beside these.",
        f"""eval "$(env | sed -n {kept} -e 's/^\\(AWS_[A-Za-z0-9_]*\\)=.*/unset \\1/p')\"""",
        f"unset {' '.join(OF_THE_STORE)}",
        *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
        'export no_proxy="127.0.0.1,${no_proxy:-${NO_PROXY:-}}"',
        'export NO_PROXY="$no_proxy"',
        f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"',
    ]
    return "\n".join(lines) + "\n"
