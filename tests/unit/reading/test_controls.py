"""The catalogue of controls is read strictly, says whose a mapping is, and lists nothing that no file names."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tableguard.detect import catalogue as detections
from tableguard.errors import PolicyError
from tableguard.policy import contract
from tableguard.reading.controls import Catalogue, Control, catalogue, controls
from tableguard.reading.toml_table import Table
from tableguard.settings import example

CATALOGUE = """
[[framework]]
key = "soc2"
name = "SOC 2"
version = "2017"
source = "https://example.org/soc2"
looked-up = 2026-11-30
[framework.controls]
"CC6.1" = "Access is restricted"
"CC6.3" = "Access follows roles"

[[framework]]
key = "security-hub"
name = "Security Hub"
version = "today's"
source = "https://example.org/hub"
looked-up = 2026-11-29
[framework.controls]
"IAM.1" = "Not everything is allowed"

[[aws]]
control = "security-hub:IAM.1"
source = "https://example.org/iam"
looked-up = 2026-11-28
requirements = ["soc2:CC6.3"]
"""


def read(folder: Path, text: str = CATALOGUE) -> Catalogue:
    path = folder / "controls.toml"
    path.write_text(text, encoding="utf-8")
    catalogue.cache_clear()  # the file of before may have had the same path
    return catalogue(path)


def test_a_mapping_is_ours_unless_it_leads_through_a_control_of_aws(tmp_path: Path) -> None:
    listed = read(tmp_path)
    ours = listed.control("here", "soc2:CC6.3")
    theirs = listed.control("here", "soc2:CC6.3 through security-hub:IAM.1")
    assert ours == Control("soc2", "CC6.3", "", "https://example.org/soc2", date(2026, 11, 30))
    assert theirs == Control("soc2", "CC6.3", "security-hub:IAM.1", "https://example.org/iam", date(2026, 11, 28))
    assert (ours.mapping, theirs.mapping) == ("ours", "aws")
    assert str(ours) == str(theirs) == "soc2:CC6.3"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("soc2:CC6.2", "here: 'soc2:CC6.2' is not accepted; accepted: FRAMEWORK:ID of policies/controls.toml"),
        ("soc3:CC6.3", "here: 'soc3:CC6.3' is not accepted"),
        ("CC6.3", "here: 'CC6.3' is not accepted"),
        ("soc2:CC6.3 by security-hub:IAM.1", "is not accepted"),
        ("soc2:CC6.1 through security-hub:IAM.1", "has no page of AWS that relates the two"),
        ("soc2:CC6.3 through security-hub:IAM.2", "has no page of AWS that relates the two"),
    ],
)
def test_a_control_that_the_catalogue_does_not_have_is_refused(tmp_path: Path, written: str, reason: str) -> None:
    with pytest.raises(PolicyError) as error:
        read(tmp_path).control("here", written)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("written", "instead", "reason"),
    [
        (
            "looked-up = 2026-11-30\n",
            "",
            "framework 1: looked-up: missing; accepted: the day on which the page was read",
        ),
        ("looked-up = 2026-11-28\n", "", "aws 1: looked-up: missing"),
        ("2026-11-30", '"2026-11-30"', "framework 1: looked-up: '2026-11-30' is not accepted"),
        ("2026-11-30", "2026-11-30T12:00:00Z", "framework 1: looked-up: datetime"),
        ('"https://example.org/soc2"', '"a book"', "framework 1: source: 'a book' is not accepted"),
        ('version = "2017"\n', "", "framework 1: version: missing"),
        ('version = "2017"\n', 'version = "2017"\nowner = "me"\n', "framework 1: owner: unknown key"),
        ('key = "soc2"', 'key = "SOC 2"', "framework 1: key: 'SOC 2' is not accepted"),
        ('key = "security-hub"', 'key = "soc2"', "controls.toml: 'soc2' is the name of two"),
        ('"CC6.1" = "Access is restricted"', '"CC6.1" = ""', "framework 1: controls: CC6.1: '' is not accepted"),
        ('"CC6.1" =', '"CC 6.1" =', "framework 1: controls: CC 6.1:"),
        ('["soc2:CC6.3"]', '["soc2:CC6.2"]', "security-hub:IAM.1: 'soc2:CC6.2' is not accepted"),
        ('control = "security-hub:IAM.1"', 'control = "security-hub:IAM.2"', "'security-hub:IAM.2' is not accepted"),
        ('["soc2:CC6.3"]', "[]", "aws 1: requirements: [] is not accepted"),
        ("\n[[aws]]", "\n[[azure]]", "controls.toml: azure: unknown key"),
    ],
)
def test_a_catalogue_that_is_not_understood_is_refused(tmp_path: Path, written: str, instead: str, reason: str) -> None:
    assert read(tmp_path).frameworks
    assert written in CATALOGUE
    with pytest.raises(PolicyError) as error:
        read(tmp_path, CATALOGUE.replace(written, instead, 1))
    assert reason in str(error.value)


def named(*written: str) -> tuple[Control, ...]:
    return controls(Table("scp/some.toml", {"controls": list(written)}))


def test_a_list_names_each_control_once_and_what_a_mapping_leads_through() -> None:
    through = "nist-800-53r5:AC-6 through security-hub:IAM.1"
    assert [control.mapping for control in named(through, "security-hub:IAM.1")] == ["aws", "ours"]
    with pytest.raises(PolicyError, match=r"scp/some\.toml: controls: .*: the list does not name security-hub:IAM\.1"):
        named(through)
    with pytest.raises(PolicyError, match="'nist-800-53r5:AC-6' is the name of two"):
        named("nist-800-53r5:AC-6", through, "security-hub:IAM.1")


def supported() -> list[Control]:
    """Return every control that a shipped document or detection names."""
    lists = [document.controls for document in contract.load_all()]
    lists += [detection.controls for detection in detections.load_all(example().policy_values())]
    return [control for one in lists for control in one]


def idle(listed: Catalogue, used: list[Control]) -> set[str]:
    """Return what a catalogue lists and no file names: controls, and requirements that no mapping reaches."""
    titles = {f"{framework.key}:{number}" for framework in listed.frameworks.values() for number in framework.titles}
    related = {f"{one} through {name}" for name, relation in listed.relations.items() for one in relation.requirements}
    return (titles | related) - {str(control) for control in used} - {f"{one} through {one.through}" for one in used}


def test_the_catalogue_lists_nothing_that_no_file_names() -> None:
    assert idle(catalogue(), supported()) == set()


def test_an_entry_that_no_file_names_is_seen(tmp_path: Path) -> None:
    listed = read(tmp_path)
    written = ("soc2:CC6.1", "soc2:CC6.3 through security-hub:IAM.1", "security-hub:IAM.1")
    used = [listed.control("here", one) for one in written]
    assert idle(listed, used) == set()
    assert idle(listed, used[1:]) == {"soc2:CC6.1"}
    assert idle(listed, [*used[::2], listed.control("here", "soc2:CC6.3")]) == {"soc2:CC6.3 through security-hub:IAM.1"}


def test_no_page_was_read_on_a_day_to_come() -> None:
    listed = catalogue()
    days = [framework.looked_up for framework in listed.frameworks.values()]
    days += [relation.looked_up for relation in listed.relations.values()]
    assert max(days) <= datetime.now(UTC).date()
