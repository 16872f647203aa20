"""The way of the data through one run of all proofs: settings read once, documents filled once, calls that go down."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tableguard.paths import POLICIES
from tableguard.policy import documents
from tableguard.policy.documents import PolicyDocument
from tableguard.policy.policy_set import PolicySet
from tableguard.prove import report
from tableguard.prove.shipped import promises, proofs, together
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table
from tableguard.settings import Settings, example

MOST_CLIMBS = 4
# the files of a promise's way, from the command down to the comparison of two texts; those of one line are level
LAYERS = (
    ("prove/report", "prove/requests", "prove/places"),
    ("prove/shipped/proofs",),
    ("prove/shipped/together",),
    ("prove/shipped/promises",),
    ("policy/policy_set",),
    ("prove/shipped/dangers", "policy/contract", "policy/shorthand", "policy/documents"),
    ("settings", "reading/"),
    ("prove/engine/prover",),
    ("policy/worlds",),
    ("prove/engine/enumeration",),
    ("prove/engine/context_keys", "prove/engine/actions"),
    ("prove/engine/resources",),
    ("prove/engine/callers",),
    ("prove/engine/context_values",),
    ("prove/engine/question", "prove/engine/dimension"),
    ("prove/engine/string_patterns", "prove/engine/statement_set"),
    ("prove/engine/automaton",),
    ("policy/evaluate",),
    ("policy/statements",),
    ("policy/conditions", "policy/principals"),
    ("policy/service_reference",),
    ("policy/matching",),
    ("aws/",),
)
PRODUCT = str(Path(promises.__file__).parents[2])


@pytest.fixture
def fills(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each document was filled, and under `settings` how often its values were asked for."""
    counts: Counter[str] = Counter()
    fill, values_of = documents.fill, Settings.policy_values

    def counted_fill(policy: PolicyDocument, values: Values) -> dict[str, Any]:
        counts[policy.place] += 1
        return fill(policy, values)

    def counted_values(settings: Settings) -> Any:
        counts["settings"] += 1
        return values_of(settings)

    monkeypatch.setattr(documents, "fill", counted_fill)
    monkeypatch.setattr(Settings, "policy_values", counted_values)
    return counts


def test_every_document_and_the_settings_are_read_into_policies_once(fills: Counter[str]) -> None:
    answers = report.ProofReport(tuple(proofs.answers(example())))
    answers.text()
    answers.facts()
    places = [f"{path.parent.name}/{path.name}" for path in POLICIES.glob("*/*.json")]
    assert fills == Counter(["settings", *places])


def layer_of(file: str) -> int | None:
    if not file.startswith(PRODUCT):
        return None
    name = file.removeprefix(f"{PRODUCT}/")
    return next((n for n, prefixes in enumerate(LAYERS) if name.startswith(prefixes)), None)


def climbs(run: Callable[[], object]) -> set[tuple[str, str]]:
    """The functions, with their callers, that were called from a layer below their own.

    Not counted are generator expressions: they are data, which whoever reads it computes.
    """
    upward: set[tuple[str, str]] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or frame.f_back is None or frame.f_code.co_name == "<genexpr>":
            return
        callee, caller = frame.f_code, frame.f_back.f_code
        above, below = layer_of(callee.co_filename), layer_of(caller.co_filename)
        if above is not None and below is not None and above < below:
            upward.add((caller.co_qualname, callee.co_qualname))

    sys.setprofile(watch)
    try:
        run()
    finally:
        sys.setprofile(None)
    return upward


def one_promise_of_each_kind() -> None:
    policies = PolicySet.filled(example())
    answers = (next(promises.answers(policies)), next(together.answers(policies)))
    report.ProofReport(answers, tables=True).text()


def test_a_promise_goes_down_from_the_settings_to_its_answer() -> None:
    assert len(climbs(one_promise_of_each_kind)) <= MOST_CLIMBS


def test_a_call_back_up_is_seen() -> None:
    table = Table("some.toml", {"files": ["README"]})
    test: Callable[[Any], Any] = report.left_out
    assert climbs(lambda: table.take("files", "files", test)) == {("Table.take", "left_out")}
