"""[login]: the user pool whose members send messages: one that exists, or what the stack `login` is to make."""

from tableguard.reading.toml_table import Section
from tableguard.settings.model import ExistingLogin, NewLogin
from tableguard.settings.patterns import REGION
from tableguard.settings.values import Values


def login(section: Section) -> Values:
    return {"login": _existing(section) if {"user_pool_id", "client_id"} & section.data.keys() else _new(section)}


def _existing(section: Section) -> ExistingLogin:
    return ExistingLogin(
        user_pool_id=section.text(
            "user_pool_id", pattern=rf"{REGION}_[0-9A-Za-z]{{1,46}}", accepted="a user pool id, REGION_NAME"
        ),
        client_id=section.text(
            "client_id", pattern=r"[a-z0-9]{1,128}", accepted="an app client id: 1 to 128 of a-z, 0-9"
        ),
    )


def _new(section: Section) -> NewLogin:
    return NewLogin(
        self_sign_up=section.flag("self_sign_up"),
        session_days=section.number("session_days", 1, 365, default=NewLogin.session_days),
    )
