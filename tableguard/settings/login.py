"""[login]: the user pool whose members send messages."""

from tableguard.reading.toml_table import Section
from tableguard.settings.patterns import REGION
from tableguard.settings.values import Values


def login(section: Section) -> Values:
    return {
        "user_pool_id": section.text(
            "user_pool_id", pattern=rf"{REGION}_[0-9A-Za-z]{{1,46}}", accepted="a user pool id, REGION_NAME"
        ),
        "client_id": section.text(
            "client_id", pattern=r"[a-z0-9]{1,128}", accepted="an app client id: 1 to 128 of a-z, 0-9"
        ),
    }
