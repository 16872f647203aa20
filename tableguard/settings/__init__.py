"""The settings of one organisation: what may stand in settings.toml, one section a module."""

from tableguard.settings.model import (
    TAKEN_ROLES,
    Cache,
    DirectConnect,
    ExistingLogin,
    ExistingVpc,
    LogArchive,
    NewLogin,
    NewVpc,
    OnDemand,
    OnPremises,
    Provisioned,
    Settings,
    Takers,
    UserDatabase,
    Vpn,
)
from tableguard.settings.optional_stacks import OPTIONAL_STACKS
from tableguard.settings.reader import example, load, parse

__all__ = [
    "OPTIONAL_STACKS",
    "TAKEN_ROLES",
    "Cache",
    "DirectConnect",
    "ExistingLogin",
    "ExistingVpc",
    "LogArchive",
    "NewLogin",
    "NewVpc",
    "OnDemand",
    "OnPremises",
    "Provisioned",
    "Settings",
    "Takers",
    "UserDatabase",
    "Vpn",
    "example",
    "load",
    "parse",
]
