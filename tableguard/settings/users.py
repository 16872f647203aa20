"""[users]: the application's own database of users, where there is one beside the user pool."""

from tableguard.reading.toml_table import Section
from tableguard.settings.model import UserDatabase
from tableguard.settings.values import Values

_SELECT = r"(?is)\s*(?:SELECT|WITH)\b.*\S.*"
_UPDATE = r"(?is)\s*UPDATE\b(?=.*%\(cognito_user_id\)s).*%\(user_uuid\)s.*"


def users(section: Section) -> Values:
    """Read the section; without it, and with `store = "cognito"`, accounts are in the user pool of [login]."""
    if section.choice("store", ("cognito", "postgresql")) == "cognito":
        return {}
    return {
        "user_database": UserDatabase(
            query=section.text("query", pattern=_SELECT, accepted=f"a SELECT of {', '.join(UserDatabase.COLUMNS)}"),
            connection=section.text(
                "connection",
                pattern=r"service:[A-Za-z0-9_.-]+|variable:[A-Z][A-Z0-9_]*",
                accepted="service:NAME of pg_service.conf, or variable:NAME of an environment variable that holds a "
                "connection string; no password",
            ),
            update=section.text(
                "update",
                "",
                pattern=_UPDATE,
                accepted="an UPDATE that sets %(cognito_user_id)s of %(user_uuid)s",
            ),
        )
    }
