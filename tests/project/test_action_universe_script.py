"""scripts/refresh-action-universe joins AWS's reference and botocore's models, and writes the same from the same."""

import gzip
import io
import json
import sys
import tarfile
import zipfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.paths import ROOT

DELETE = {
    "name": "ScheduleKeyDeletion",
    "accessLevel": "Write",
    "resourceTypes": [{"name": "key", "required": True, "conditionKeys": ["aws:ResourceTag/${TagKey}"]}],
    "conditionKeys": ["kms:ViaService"],
}
REFERENCE = {
    "package.json": {"version": "0.1.202611300"},
    "data/actions/kms.json": {"schedulekeydeletion": DELETE},
    "data/conditionKeys/kms.json": {"kms:viaservice": {"key": "kms:ViaService", "type": "String"}},
    "data/resourceTypes/kms.json": {
        "key": {"key": "key", "arn": "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}"},
        "alias": {"key": "alias", "arn": "arn:${Partition}:kms:${Region}:${Account}:alias/${Alias}"},
    },
    "data/rcpSupportedServices.json": ["kms"],
}
KEYS = "var keys = [{ key: 'aws:SourceVpce',\n category: 'network', type: 'String' }]"


def operation(*parameters: str) -> dict[str, Any]:
    return {"members": {name: {} for name in parameters}}


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = SourceFileLoader("refresh_action_universe", str(ROOT / "scripts" / "refresh-action-universe"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "path", [*sys.path])
    module = module_from_spec(spec_from_loader(loader.name, loader) or pytest.fail("no specification"))
    monkeypatch.setitem(sys.modules, loader.name, module)
    loader.exec_module(module)
    monkeypatch.setattr(module, "DATA", tmp_path)
    monkeypatch.setattr(module, "SERVICES", ("kms",))
    return module


def npm_package() -> bytes:
    """Return a package as npm has it."""
    files = {**{name: json.dumps(value) for name, value in REFERENCE.items()}, "LICENSE.txt": "MIT License"}
    files["dist/cjs/globalConditionKeys.js"] = KEYS
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as package:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            package.addfile(member, io.BytesIO(text.encode()))
    return written.getvalue()


def wheel(**operations: dict[str, Any]) -> bytes:
    """Return a wheel of botocore with models of KMS, an old one that does not count, and of a service not covered."""
    model = {
        "metadata": {"endpointPrefix": "kms"},
        "operations": {name: {"input": {"shape": name}} for name in operations},
        "shapes": operations,
    }
    models = {
        "kms/2001-01-01": {**model, "operations": {"OfOld": {}}},
        "kms/2014-11-01": model,
        "polly/2016-06-10": {"metadata": {"endpointPrefix": "polly"}, "operations": {"Speak": {}}, "shapes": {}},
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in models.items():
            packed = gzip.compress(json.dumps(content).encode(), mtime=0)
            archive.writestr(
                zipfile.ZipInfo(f"botocore/data/{name}/service-2.json.gz", (2026, 11, 20, 0, 0, 0)), packed
            )
        metadata = zipfile.ZipInfo("botocore-1.2.3.dist-info/METADATA", (2026, 11, 20, 0, 0, 0))
        archive.writestr(metadata, "Name: botocore\nVersion: 1.2.3\n")
    return written.getvalue()


def written_by(script: ModuleType, content: bytes) -> tuple[dict[str, Any], bytes, str]:
    """Return what the script writes from the reference and a wheel: the extract, its bytes, and their source."""
    script.write(script.reference_package(npm_package()), script.botocore_package(content))
    packed = (script.DATA / "action_universe.json.gz").read_bytes()
    return json.loads(gzip.decompress(packed)), packed, (script.DATA / "source.toml").read_text(encoding="utf-8")


def test_an_operation_without_action_becomes_one_that_acts_on_what_its_parameters_name(script: ModuleType) -> None:
    new = {"ScheduleKeyDeletion": operation("KeyId"), "Melt": operation("KeyId"), "Ring": operation("Bell")}
    extract, _, source = written_by(script, wheel(**new, ReEncrypt=operation("CiphertextBlob")))
    actions = extract["services"]["kms"]["actions"]
    assert actions["ScheduleKeyDeletion"] == {
        "keys": ["aws:ResourceTag/${TagKey}", "kms:ViaService"],
        "level": "Write",
        "resources": {"key": True},
    }
    assert actions["Melt"] == {"botocore": True, "keys": [], "level": "Unknown", "resources": {"key": False}}
    assert actions["Ring"]["resources"] == {}
    # whose action has another name is no action, nor is one that only an old model has
    assert actions.keys() == {"ScheduleKeyDeletion", "Melt", "Ring"}
    assert extract["models"] == {"kms": "kms", "polly": ""}
    assert 'version = "1.2.3"\ndate = "2026-11-20"' in source
    assert 'version = "0.1.202611300"\ndate = "2026-11-30"' in source


def test_the_same_packages_make_the_same_bytes_and_others_do_not(script: ModuleType) -> None:
    one, again, other = (
        written_by(script, wheel(**{name: operation("KeyId")}))[1:] for name in ("Melt", "Melt", "Freeze")
    )
    assert one == again
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_a_package_that_cannot_be_fetched_is_one_line(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        script.downloaded("pip", [sys.executable, "-c", "raise SystemExit(1)", "botocore==0"])
    assert capsys.readouterr().err == "scripts/refresh-action-universe: pip cannot fetch botocore==0, see above\n"
