"""Read settings.toml: every wrong value is refused with its key and what is accepted."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tableguard.errors import SettingsError
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.reading.toml_table import Section, parse_toml, read_toml
from tableguard.settings import (
    cache,
    evidence,
    log_archive,
    login,
    network,
    onprem,
    optional_stacks,
    organization,
    table,
    users,
    workload,
)
from tableguard.settings.contradictions import contradictions
from tableguard.settings.model import Settings
from tableguard.settings.values import Values

_REMEDY = "start from an example: tableguard settings > settings.toml"

# in this order missing sections are named
_SECTIONS: Mapping[str, Callable[[Section], Values]] = {
    "workload": workload.workload,
    "table": table.table,
    "network": network.network,
    "roles": organization.roles,
    "alerts": evidence.alerts,
    "retention": evidence.retention,
    "buckets": evidence.buckets,
    "stacks": optional_stacks.stacks,
}
# whose absence means something
_OPTIONAL_SECTIONS: Mapping[str, Callable[[Section], Values]] = {
    "cache": cache.cache,
    "log_archive": log_archive.log_archive,
    "login": login.login,
    "onprem": onprem.onprem,
    "organization": organization.organization,
    "users": users.users,
}


def load(path: Path) -> Settings:
    """Read the settings from a file; SettingsError names file, key, value and what is accepted."""
    return _settings(str(path), read_toml(path, SettingsError, _REMEDY))


def example(name: str = "default") -> Settings:
    """Read one of the settings files that are shipped as examples."""
    return load(EXAMPLE_SETTINGS / f"{name}.toml")


def parse(text: str, source: str) -> Settings:
    """Read the settings from TOML text; `source` is the name that errors begin with."""
    return _settings(source, parse_toml(text, source, SettingsError))


def _settings(source: str, data: Mapping[str, Any]) -> Settings:
    file = Section(source, "", data, SettingsError)
    readers = {**_SECTIONS, **{name: _OPTIONAL_SECTIONS[name] for name in file.present(*_OPTIONAL_SECTIONS)}}
    sections = {name: file.section(name) for name in readers}
    values: dict[str, Any] = {}
    for name, section in sections.items():
        values |= readers[name](section)
    for section in (*sections.values(), file):
        section.close()
    settings = Settings(**values)
    for text in contradictions(settings):
        raise SettingsError(f"{source}: {text}")
    return settings
