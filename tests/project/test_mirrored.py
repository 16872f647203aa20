"""Every module of the product has its test where a stranger looks for it, or the table here says which test covers it.

The test of `tableguard/room/thing.py` is `tests/unit/room/test_thing.py`. A test covers a module that it reaches by
imports: its own, and those of what it imports.
"""

from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from tests.paths import ROOT
from tests.project import rooms

PRODUCT = rooms.python_files(ROOT, ("tableguard", "templates", "stream_lambda"))
TESTS = rooms.python_files(ROOT, ("tests",))
MODULES = sorted(name for name, path in PRODUCT.items() if path.name not in ("__init__.py", "__main__.py"))
# who loads modules by their names, and where these lie
LOADED_BY_NAME = {
    "tableguard.cli.app": "tableguard.cli.commands.",
    "tableguard.local.assembly": "tableguard.local.moto.",
    "tableguard.local.stacks.types": "tableguard.local.stacks.types.",
    "tableguard.stacks.registry": "templates.",
}
# a module, or a folder -> the test in tests/unit/ that covers it, or what lies in it and has no test of its own
COVERED = {
    "stream_lambda": "stream_lambda.test_handler",
    **{f"tableguard.attack.{name}": "attack.test_run" for name in ("page", "refusals", "scene", "trial")},
    "tableguard.attack.attempt": "attack.test_catalogue",
    "tableguard.attack.outcome": "attack.test_ledger",
    "tableguard.attack.principals": "attack.test_catalogue",
    "tableguard.aws.cloudformation_handlers": "prove.preflight.test_preflight",
    "tableguard.aws.cloudtrail": "local.trail.test_observation",
    "tableguard.aws.dynamodb.condition": "local.moto.dynamodb.test_conditions",
    "tableguard.aws.dynamodb.expression": "local.moto.dynamodb.test_conditions",
    "tableguard.aws.dynamodb.number": "local.moto.dynamodb.test_values",
    "tableguard.aws.dynamodb.update": "local.moto.dynamodb.test_updates",
    "tableguard.aws.dynamodb.projection": "local.moto.dynamodb.test_projection",
    "tableguard.aws.dynamodb.expression_parameters": "local.moto.dynamodb.test_api_constraints",
    "tableguard.aws.dynamodb.key_condition": "local.moto.dynamodb.test_keys",
    "tableguard.aws.dynamodb.partiql": "local.moto.dynamodb.test_partiql",
    "tableguard.aws.dynamodb.partiql_expression": "local.moto.dynamodb.test_partiql",
    "tableguard.aws.dynamodb.statement_access": "cli.test_query_command",
    "tableguard.aws.dynamodb.table_definition": "local.moto.dynamodb.test_tables",
    "tableguard.aws.item_size": "aws.test_capacity",
    "tableguard.aws.managed_config_rules": "check.rules.test_config_rules",
    "tableguard.aws.patterns.event_comparisons": "aws.patterns.test_event_pattern",
    "tableguard.aws.patterns.filters": "aws.patterns.test_filter_pattern",
    "tableguard.check": "check.test_run",
    "tableguard.check.rules.policy_grammar": "check.engines.test_policy_documents",
    "tableguard.cli": "cli.test_commands",
    "tableguard.cli.commands.diff": "cli.test_prove_commands",
    "tableguard.cli.commands.explain": "cli.test_prove_commands",
    "tableguard.cli.commands.messages": "cli.test_table_commands",
    "tableguard.cli.commands.preflight": "cli.test_prove_commands",
    "tableguard.cli.commands.prove": "cli.test_prove_commands",
    "tableguard.cli.commands.reach": "cli.test_prove_commands",
    "tableguard.cli.commands.rows": "cli.test_rows_commands",
    "tableguard.cli.commands.table": "cli.test_table_commands",
    "tableguard.cli.commands.table.query": "cli.test_query_command",
    "tableguard.cli.commands.why": "cli.test_prove_commands",
    "tableguard.cli.deployment.preparation": "cli.deployment.test_plan",
    "tableguard.cli.reference": "cli.test_app",
    "tableguard.cloudformation": "cloudformation.test_functions",
    "tableguard.cloudformation.data_holders": "cloudformation.test_differences",
    "tableguard.cloudformation.equality": "local.stacks.types.test_dynamodb",
    "tableguard.cloudformation.limits": "stacks.test_render",
    "tableguard.cloudformation.parameters": "cloudformation.test_template",
    "tableguard.cloudformation.template_files": "check.test_run",
    "tableguard.compliance": "compliance.test_managed",
    "tableguard.compliance.report": "compliance.test_exceptions",
    "tableguard.compliance.item": "local.configuration.test_inventory",
    "tableguard.cost": "cost.test_cost",
    "tableguard.cost.catalogue": "cost.test_price_list",
    "tableguard.cost.prices": "cost.test_refresh",
    "tableguard.detect": "detect.test_shipped_detections",
    "tableguard.errors": "check.test_run",
    "tableguard.findings": "findings.test_formats",
    "tableguard.findings.counts": "cli.test_commands",
    "tableguard.local": "cli.test_commands",
    "tableguard.local.assembly": "local.test_server",
    "tableguard.local.authorization": "local.authorization.test_guard",
    "tableguard.local.clients": "local.authorization.test_guard",
    "tableguard.local.clients.refusals": "local.event_source.test_failure_destination",
    "tableguard.local.configuration": "local.configuration.test_inventory",
    "tableguard.local.dynamodb_local": "local.dynamodb_local.test_engine",
    "tableguard.local.edge": "local.test_not_modelled",
    "tableguard.local.event_source": "local.event_source.test_poller",
    "tableguard.local.function": "local.function.test_function",
    "tableguard.local.function.deployed": "local.event_source.test_poller",
    "tableguard.local.function.process_output": "local.function.test_function",
    "tableguard.local.function.functions": "local.moto.awslambda.test_invocations",
    "tableguard.local.moto": "local.moto.dynamodb.test_corrections",
    "tableguard.local.moto.awslambda": "local.moto.awslambda.test_invocations",
    "tableguard.local.moto.awslambda.announcements": "local.event_source.test_idle",
    "tableguard.local.moto.config": "local.stacks.types.test_config",
    "tableguard.local.moto.dynamodb.forwarding": "local.dynamodb_local.test_forwarding",
    "tableguard.local.moto.patch": "local.test_server",
    "tableguard.local.operation": "local.test_not_modelled",
    "tableguard.local.stacks": "local.stacks.test_api",
    "tableguard.pages": "pages.test_scale_page",
    "tableguard.pages.break_even_plot": "cost.test_cost",
    "tableguard.paths": "cli.test_commands",
    "tableguard.policy": "policy.test_contract",
    "tableguard.policy.pattern_overlap": "check.rules.test_policy_meaning",
    "tableguard.projection": "projection.test_reconcile",
    "tableguard.projection.migration": "projection.migration.test_run",
    "tableguard.projection.batch_records": "projection.test_redrive",
    "tableguard.projection.failed_batches": "projection.test_redrive",
    "tableguard.projection.takeover": "projection.takeover.test_run",
    "tableguard.prove": "prove.explain.test_explanation",
    "tableguard.prove.diff": "cli.test_prove_commands",
    "tableguard.prove.engine": "prove.engine.test_against_requests",
    "tableguard.prove.foreign": "prove.foreign.test_documents",
    "tableguard.prove.preflight": "prove.preflight.test_preflight",
    "tableguard.prove.reach": "prove.reach.test_promises",
    "tableguard.settings": "settings.test_reader",
    "tableguard.prove.shipped": "prove.shipped.test_proofs",
    "tableguard.reading": "policy.test_documents",
    "tableguard.scale": "scale.test_formulas",
    "tableguard.local.stacks.existing": "local.stacks.test_importing",
    "tableguard.stacks.deployment.requests": "stacks.deployment.test_deploy",
    "tableguard.stacks.deployment.stack_deployer": "stacks.deployment.test_deploy",
    "tableguard.stacks.deployment.existing": "stacks.deployment.test_adoption",
    "tableguard.store": "store.test_messages",
    "tableguard.store.consumed": "store.test_read_markers",
    "tableguard.store.loading": "store.loading.test_replay",
    "tableguard.store.loading.conversation_file": "cli.test_table_commands",
    "tableguard.store.statements": "cli.test_query_command",
    "tableguard.store.table_admin": "cli.test_table_commands",
    "tableguard.users": "users.test_eraser",
    "tableguard.users.export": "cli.test_people_commands",
    "tableguard.users.model": "users.test_cognito",
    "tableguard.users.matching.match_report": "users.matching.test_match",
    "tableguard.users.matching.people": "users.matching.test_match",
    "tableguard.users.stores": "cli.test_users_commands",
    "tableguard.users.matching.sync": "cli.test_users_commands",
    "tableguard.cli.commands.users": "cli.test_users_commands",
    "templates": "templates.test_access",
    "templates.sections.config_rules": "templates.test_config",
    "templates.watching": "templates.test_audit",
    "templates.watching.alerts": "templates.test_alerts",
}


def mirror(module: str) -> str:
    """Return the test that a module of this name has."""
    room, _, name = module.removeprefix("tableguard.").rpartition(".")
    return ".".join(part for part in ("tests.unit", room, f"test_{name}") if part)


def covering(module: str, table: Mapping[str, str]) -> str | None:
    """Return the test of a module: its mirror, or that of the table's most exact entry."""
    if mirror(module) in TESTS:
        return mirror(module)
    within = (place for place in table if f"{module}.".startswith(f"{place}."))
    entry = max(within, key=len, default=None)
    return entry and f"tests.unit.{table[entry]}"


@cache
def graph() -> dict[str, set[str]]:
    """Return which modules of tests and product each imports, by name or at run time."""
    arrows = rooms.imports({**PRODUCT, **TESTS})
    for loader, folder in LOADED_BY_NAME.items():
        arrows[loader] |= {name for name in PRODUCT if name.startswith(folder)}
    return arrows


@cache
def reached(test: str) -> frozenset[str]:
    """Return every module that a test imports, and that those import."""
    return frozenset(_walk(test, set()))


def _walk(module: str, seen: set[str]) -> Iterator[str]:
    for imported in graph()[module] - seen:
        seen.add(imported)
        yield imported
        yield from _walk(imported, seen)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_test_that_reaches_it(module: str) -> None:
    test = covering(module, COVERED)
    assert test in TESTS, f"write {mirror(module)}, or name in COVERED the test that covers {module}"
    assert module in reached(test)


def test_a_module_without_a_test_is_noticed_and_one_that_is_not_reached() -> None:
    assert covering("tableguard.unheard", COVERED) not in TESTS
    assert covering("tableguard.policy.evaluate", {}) == "tests.unit.policy.test_evaluate"
    assert "tableguard.cost.bill" not in reached("tests.unit.policy.test_evaluate")


def test_the_table_names_only_what_exists_and_needs_it() -> None:
    bare = {module for module in MODULES if mirror(module) not in TESTS}
    used = {max((p for p in COVERED if f"{m}.".startswith(f"{p}.")), key=len, default="") for m in bare}
    assert set(COVERED) - used == set()
