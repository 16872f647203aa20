"""The settings of one organisation: what may stand in settings.toml, one section a module."""

from tableguard.settings.model import (
    TAKEN_ROLES,
    Cache,
    ExistingLogin,
    ExistingVpc,
    NewLogin,
    NewVpc,
    OnDemand,
    Provisioned,
    Settings,
    Takers,
    UserDatabase,
)
from tableguard.settings.optional_stacks import OPTIONAL_STACKS
from tableguard.settings.reader import example, load, parse

__all__ = [
    "OPTIONAL_STACKS",
    "TAKEN_ROLES",
    "Cache",
    "ExistingLogin",
    "ExistingVpc",
    "NewLogin",
    "NewVpc",
    "OnDemand",
    "Provisioned",
    "Settings",
    "Takers",
    "UserDatabase",
    "example",
    "load",
    "parse",
]
