"""Settings become the same plain YAML every time, within CloudFormation's limits."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tableguard.cloudformation.limits import Limits
from tableguard.errors import TemplateError
from tableguard.paths import ROOT, TEMPLATES
from tableguard.reading import cloudformation_yaml
from tableguard.settings import example
from tableguard.stacks.registry import STACKS, StackModule, enabled_stacks, find_stack
from tableguard.stacks.render import render, write
from tests.worlds.settings_files import EXAMPLES

_DIGEST = """
import hashlib
from tableguard.stacks.render import render
from tableguard.settings import example
names = ("complete", "default", "existing-vpc", "single-account")
texts = [text for name in names for text in render(example(name)).values()]
print(hashlib.sha256("".join(texts).encode()).hexdigest())
"""


def _digest(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-c", _DIGEST], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def default() -> dict[str, str]:
    return render(example())


# the folder of the examples whose stacks are committed, and what renders them
COMMITTED = {
    "default": ("templates/rendered", "tableguard render"),
    "complete": (
        "templates/rendered/complete",
        "tableguard render --settings templates/settings/complete.toml --out templates/rendered/complete",
    ),
    "single-account": (
        "templates/rendered/single-account",
        "tableguard render --settings templates/settings/single-account.toml --out templates/rendered/single-account",
    ),
}


@pytest.mark.parametrize("settings", COMMITTED)
def test_the_committed_templates_are_what_the_code_makes(settings: str) -> None:
    folder, command = COMMITTED[settings]
    committed = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / folder).glob("*.yaml")}
    made = render(example(settings))
    stale = sorted(name for name in {*made, *committed} if made.get(name) != committed.get(name))
    assert not stale, f"{folder} is not what the code makes for {', '.join(stale)}: run `{command}`"


def test_a_committed_template_that_was_edited_by_hand_is_noticed(default: dict[str, str], tmp_path: Path) -> None:
    (path, *_) = write(default, tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("Description", "description", 1), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != default[path.stem]


def test_the_same_settings_give_the_same_bytes_whatever_the_hash_seed() -> None:
    assert _digest("0") == _digest("77")


def test_other_settings_give_other_bytes(default: dict[str, str]) -> None:
    other = render(example("existing-vpc"))
    assert {name for name in default if default[name] == other[name]} == set()


def test_stacks_come_in_the_order_of_deployment(default: dict[str, str]) -> None:
    assert list(default) == ["access", "audit", "network", "table", "stream", "config", "oversight", "guardrails"]


@pytest.mark.parametrize("settings", EXAMPLES)
def test_every_stack_is_plain_yaml_with_a_heading_that_says_who_made_it(settings: str) -> None:
    for name, text in render(example(settings)).items():
        assert text.startswith(f"# Made by `tableguard render` from templates/{name}.py")
        assert yaml.safe_load(text)["AWSTemplateFormatVersion"] == "2010-09-09"
        assert "&id" not in text  # an anchor: the same value must be read where it stands


@pytest.mark.parametrize("stack", ["access", "network", "table", "stream"])
def test_a_template_fits_any_account_but_for_the_exempt_roles_which_the_settings_name(stack: str) -> None:
    one, other = (replace(example(), account_id=account) for account in ("111122223333", "444455556666"))
    assert render(one, [find_stack(stack)]) == render(other, [find_stack(stack)])


def test_no_stack_of_a_single_account_asks_for_an_organization() -> None:
    key = "aws:PrincipalOrgID"
    alone, in_organization = (render(example(name)) for name in ("single-account", "default"))
    assert [name for name, text in alone.items() if "OrgID" in text] == []
    assert {name for name, text in in_organization.items() if key in text} >= {"access", "network", "table"}
    assert {name for name, text in alone.items() if "aws:PrincipalAccount" in text} >= {"access", "network", "table"}
    assert not {"guardrails", "oversight"} & alone.keys()


def test_an_unknown_stack_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(
        TemplateError,
        match=r"^unknown stack 'tables'; there are: bootstrap, login, access, archive, audit, network, table",
    ):
        find_stack("tables")


def test_a_stack_can_be_left_out_and_then_is_not_rendered() -> None:
    without = enabled_stacks(replace(example(), optional_stacks=("config",)))
    assert [stack.name for stack in without] == ["access", "audit", "network", "table", "stream", "config"]


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        (Limits(resources=3), r"stack network: \d+ resources; CloudFormation takes at most 3"),
        (Limits(parameters=0), "stack network: 1 parameters; CloudFormation takes at most 0"),
        (Limits(outputs=2), r"stack network: \d+ outputs; CloudFormation takes at most 2"),
        (Limits(template_bytes=1000), r"stack network: \d+ bytes; CloudFormation takes at most 1000"),
    ],
)
def test_a_template_over_a_limit_is_refused_and_named(limits: Limits, complaint: str) -> None:
    with pytest.raises(TemplateError, match=f"^{complaint}$"):
        render(example(), [find_stack("network")], limits)


def test_a_template_exactly_at_a_limit_is_accepted() -> None:
    network = [find_stack("network")]
    text = render(example(), network)["network"]
    found = cloudformation_yaml.load(text)
    exactly = Limits(len(found["Resources"]), len(found["Parameters"]), len(found["Outputs"]), len(text.encode()))
    assert render(example(), network, exactly)["network"] == text


def test_templates_are_written_one_file_a_stack(default: dict[str, str], tmp_path: Path) -> None:
    paths = write(default, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [f"{name}.yaml" for name in default]
    assert {path.stem: path.read_text(encoding="utf-8") for path in paths} == default


def test_a_folder_that_cannot_be_written_is_one_clear_error(default: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(TemplateError, match=r"file/rendered: cannot be written \(Not a directory\)$"):
        write(default, tmp_path / "file" / "rendered")


def test_every_stack_has_a_module_and_every_rendered_file_a_stack() -> None:
    names = {stack.name for stack in STACKS}
    assert {name for name in names if not (ROOT / "templates" / f"{name}.py").is_file()} == set()
    assert {path.stem for path in (TEMPLATES / "rendered" / "complete").glob("*.yaml")} == names - {"archive"}


def test_the_complete_example_has_every_stack_but_that_of_another_account_and_the_default_one_some() -> None:
    assert enabled_stacks(example("complete")) == tuple(stack for stack in STACKS if stack.name != "archive")
    assert set(enabled_stacks(example())) <= set(STACKS)


def test_a_stack_builds_an_equal_template_each_time() -> None:
    stack: StackModule = find_stack("table")
    first, second = (hashlib.sha256(stack.template(example()).to_json().encode()).hexdigest() for _ in range(2))
    assert first == second


def test_a_file_in_the_place_of_the_folder_is_named_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "rendered"
    file.write_text("notes", encoding="utf-8")
    with pytest.raises(TemplateError, match="rendered: is no folder, and the stacks would be written into it"):
        write({"table": "Resources: {}"}, file)
    assert file.read_text(encoding="utf-8") == "notes"
    assert [path.name for path in write({"table": "Resources: {}"}, tmp_path / "other")] == ["table.yaml"]
