"""[table]: the table's name, capacity and layout."""

from tableguard.reading.toml_table import Section
from tableguard.settings.model import OnDemand, Provisioned
from tableguard.settings.values import Values


def table(section: Section) -> Values:
    return {
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
        "table_name": section.text(
            "name", pattern=r"[A-Za-z0-9_.-]{3,255}", accepted='3 to 255 of A-Z, a-z, 0-9, "_", "-", "."'
        ),
        "capacity": _capacity(section),
        "client_side_encryption": section.choice("client_side_encryption", (True, False), default=False),
        "conversations_in_table": section.number("conversations_in_table", 0, 1000, default=50),
        "former_index": section.flag("former_index"),
    }


def _capacity(table: Section) -> OnDemand | Provisioned:
    if table.choice("capacity", ("on-demand", "provisioned")) == "on-demand":
        return OnDemand(
            max_read_units=table.number("max_read_units", 1, 10_000_000),
            max_write_units=table.number("max_write_units", 1, 10_000_000),
        )
    section = table.section("provisioned")
    capacity = Provisioned(
        read_units=section.span("read_units", 1, 40_000),
        write_units=section.span("write_units", 1, 40_000),
        # https://docs.aws.amazon.com/autoscaling/application/APIReference: 20 to 90 percent for DynamoDB
        target_percent=section.number("target_percent", 20, 90),
    )
    section.close()
    return capacity
