"""[users]: the application's own database of users, where there is one beside the user pool."""

from tableguard.reading.toml_table import Section
from tableguard.settings.model import UserDatabase
from tableguard.settings.values import Values

_SELECT = r"(?is)\s*(?:SELECT|WITH)\b.*\S.*"
_UPDATE = r"(?is)\s*UPDATE\b.*%\(cognito_user_id\)s.*"


def users(section: Section) -> Values:
    """Read the section; without it, and with `store = "cognito"`, accounts are in the user pool of [login]."""
    if section.choice("store", ("cognito", "postgresql")) == "cognito":
        return {}
    named = {"connection_variable", "service"} & section.data.keys()
    if len(named) != 1:
        raise section.refusal(
            "connection_variable",
            "either connection_variable, an environment variable that holds a connection string, or service, a "
            "section of pg_service.conf; a password belongs in neither file, but in pgpass",
        )
    return {
        "user_database": UserDatabase(
            query=section.text("query", pattern=_SELECT, accepted=f"a SELECT of {', '.join(UserDatabase.COLUMNS)}"),
            connection_variable=section.text(
                "connection_variable", "", pattern=r"[A-Z][A-Z0-9_]*", accepted="a variable's name: A-Z, 0-9, _"
            ),
            service=section.text("service", "", pattern=r"[A-Za-z0-9_.-]+", accepted="a name of pg_service.conf"),
            update=section.text(
                "update",
                "",
                pattern=_UPDATE,
                accepted="an UPDATE that sets %(cognito_user_id)s, with %(user_uuid)s or %(handle)s to name the user",
            ),
        )
    }
