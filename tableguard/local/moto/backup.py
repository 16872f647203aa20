"""Corrections of moto's AWS Backup: selections, vaults' access policies, and backups on demand, none of which it has.

A backup on demand is complete at once. What a plan's schedule would make is not made: nothing here waits for a night.
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations.html
"""

import json
import re
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.models import BackupBackend
from moto.backup.responses import BackupResponse
from moto.core.utils import get_service_model, unix_time
from moto.moto_api._internal import mock_random

from tableguard.partitions import of_region

_Kept = dict[Any, dict[str, Any]]


def install() -> None:
    """Add the operations, and the addresses of all."""
    for operation in _OPERATIONS:
        setattr(BackupResponse, operation.__name__, operation)
    model = get_service_model("backup")
    for name in model.operation_names:
        path = model.operation_model(name).http["requestUri"]
        urls.url_paths.setdefault(f"{{0}}{_pattern(path)}$", BackupResponse.dispatch)


def _pattern(path: str) -> str:
    """Return an address as moto's expressions have it: {name} is a group of that name."""
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)


def _kept(backend: BackupBackend, what: str) -> _Kept:
    """Return what a backend keeps of a kind; moto's reset empties it with the rest."""
    kept: _Kept = vars(backend).setdefault(f"kept_{what}", {})
    return kept


def _part(response: BackupResponse, number: int) -> str:
    """Return a part of the request's path, which begins with an empty one."""
    return unquote(response.path.split("/")[number])


def _absent(what: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"{what} cannot be found")


def create_backup_selection(response: BackupResponse) -> str:
    """Answer CreateBackupSelection."""
    backend, plan = response.backup_backend, _part(response, 3)
    backend.get_backup_plan(plan, None)  # refuses one that is not there
    selection = {
        "SelectionId": str(mock_random.uuid4()),
        "BackupPlanId": plan,
        "CreationDate": unix_time(),
        "BackupSelection": json.loads(response.body)["BackupSelection"],
    }
    _kept(backend, "selections")[plan, selection["SelectionId"]] = selection
    return json.dumps({name: value for name, value in selection.items() if name != "BackupSelection"})


def get_backup_selection(response: BackupResponse) -> str:
    """Answer GetBackupSelection."""
    return json.dumps(_selection(response))


def list_backup_selections(response: BackupResponse) -> str:
    """Answer ListBackupSelections."""
    plan = _part(response, 3)
    selections = [
        kept for kept in _kept(response.backup_backend, "selections").values() if kept["BackupPlanId"] == plan
    ]
    return json.dumps({"BackupSelectionsList": [_listed(selection) for selection in selections]})


def _listed(selection: dict[str, Any]) -> dict[str, Any]:
    body = selection["BackupSelection"]
    words = {name: body[name] for name in ("SelectionName", "IamRoleArn") if name in body}
    return {**{name: value for name, value in selection.items() if name != "BackupSelection"}, **words}


def delete_backup_selection(response: BackupResponse) -> str:
    """Answer DeleteBackupSelection."""
    selection = _selection(response)
    del _kept(response.backup_backend, "selections")[selection["BackupPlanId"], selection["SelectionId"]]
    return "{}"


def _selection(response: BackupResponse) -> dict[str, Any]:
    key = _part(response, 3), _part(response, 5)
    try:
        return _kept(response.backup_backend, "selections")[key]
    except KeyError:
        raise _absent(f"Backup selection {key[1]}") from None


def put_backup_vault_access_policy(response: BackupResponse) -> str:
    """Answer PutBackupVaultAccessPolicy."""
    vault = _vault(response)
    _kept(response.backup_backend, "policies")[vault.backup_vault_name] = {
        "BackupVaultName": vault.backup_vault_name,
        "BackupVaultArn": vault.backup_vault_arn,
        "Policy": json.loads(response.body).get("Policy", ""),
    }
    return "{}"


def get_backup_vault_access_policy(response: BackupResponse) -> str:
    """Answer GetBackupVaultAccessPolicy."""
    name = _vault(response).backup_vault_name
    policies = _kept(response.backup_backend, "policies")
    if name not in policies:
        raise _absent(f"An access policy of vault {name}")
    return json.dumps(policies[name])


def delete_backup_vault_access_policy(response: BackupResponse) -> str:
    """Answer DeleteBackupVaultAccessPolicy."""
    _kept(response.backup_backend, "policies").pop(_vault(response).backup_vault_name, None)
    return "{}"


def start_backup_job(response: BackupResponse) -> str:
    """Answer StartBackupJob with a job that is done, and its recovery point."""
    wanted, backend = json.loads(response.body), response.backup_backend
    vault = _vault_of(backend, wanted["BackupVaultName"])
    job, now = str(mock_random.uuid4()), unix_time()
    arn = f"arn:{of_region(backend.region_name)}:backup:{backend.region_name}:{backend.account_id}:recovery-point:{job}"
    _kept(backend, "points")[vault.backup_vault_name, arn] = {
        "RecoveryPointArn": arn,
        "BackupVaultName": vault.backup_vault_name,
        "BackupVaultArn": vault.backup_vault_arn,
        "ResourceArn": wanted["ResourceArn"],
        "IamRoleArn": wanted["IamRoleArn"],
        "Status": "COMPLETED",
        "CreationDate": now,
        "CompletionDate": now,
        "IsEncrypted": True,  # under the vault's key, which each vault has
        "EncryptionKeyArn": vault.encryption_key_arn,
        "Lifecycle": wanted.get("Lifecycle") or {},
    }
    vault.num_of_recovery_points += 1
    return json.dumps({"BackupJobId": job, "RecoveryPointArn": arn, "CreationDate": now})


def list_recovery_points_by_backup_vault(response: BackupResponse) -> str:
    """Answer ListRecoveryPointsByBackupVault."""
    name = _vault(response).backup_vault_name
    points = [point for (vault, _), point in _kept(response.backup_backend, "points").items() if vault == name]
    return json.dumps({"RecoveryPoints": points})


def delete_recovery_point(response: BackupResponse) -> str:
    """Answer DeleteRecoveryPoint."""
    vault, arn = _vault(response), _part(response, 4)
    if _kept(response.backup_backend, "points").pop((vault.backup_vault_name, arn), None) is None:
        raise _absent(f"Recovery point {arn}")
    vault.num_of_recovery_points -= 1
    return "{}"


def _vault(response: BackupResponse) -> Any:
    return _vault_of(response.backup_backend, _part(response, 2))


def _vault_of(backend: BackupBackend, name: str) -> Any:
    if name not in backend.vaults:
        raise _absent(f"Backup vault {name}")
    return backend.vaults[name]


_OPERATIONS = (
    create_backup_selection,
    get_backup_selection,
    list_backup_selections,
    delete_backup_selection,
    put_backup_vault_access_policy,
    get_backup_vault_access_policy,
    delete_backup_vault_access_policy,
    start_backup_job,
    list_recovery_points_by_backup_vault,
    delete_recovery_point,
)
