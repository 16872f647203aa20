"""AWS Backup of the embedded AWS keeps what moto has no operations for: selections, policies, backups on demand."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import server
from tableguard.local.clients.factory import Clients

TABLE = "arn:aws:dynamodb:eu-central-1:111122223333:table/messages"
ROLE = "arn:aws:iam::111122223333:role/backup"
JOB = {"BackupVaultName": "vault", "ResourceArn": TABLE, "IamRoleArn": ROLE}


@pytest.fixture(scope="module")
def backup() -> Iterator[Any]:
    with server.start() as running:
        client = Clients(running.endpoint)("backup", "111122223333", "eu-central-1")
        client.create_backup_vault(BackupVaultName="vault")
        yield client


def points(backup: Any) -> list[Any]:
    listed: list[Any] = backup.list_recovery_points_by_backup_vault(BackupVaultName="vault")["RecoveryPoints"]
    return listed


def number(backup: Any) -> int:
    (vault,) = backup.list_backup_vaults()["BackupVaultList"]
    return int(vault["NumberOfRecoveryPoints"])


def test_a_backup_on_demand_is_a_recovery_point_until_it_is_deleted(backup: Any) -> None:
    arn = backup.start_backup_job(**JOB)["RecoveryPointArn"]
    (point,) = points(backup)
    assert (point["RecoveryPointArn"], point["ResourceArn"], point["Status"]) == (arn, TABLE, "COMPLETED")
    assert number(backup) == 1
    backup.delete_recovery_point(BackupVaultName="vault", RecoveryPointArn=arn)
    assert (points(backup), number(backup)) == ([], 0)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.delete_recovery_point(BackupVaultName="vault", RecoveryPointArn=arn)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("start_backup_job", {**JOB, "BackupVaultName": "others"}),
        ("get_backup_vault_access_policy", {"BackupVaultName": "others"}),
        ("get_backup_vault_access_policy", {"BackupVaultName": "vault"}),
        ("get_backup_selection", {"BackupPlanId": "none", "SelectionId": "none"}),
        (
            "create_backup_selection",
            {"BackupPlanId": "none", "BackupSelection": {"SelectionName": "s", "IamRoleArn": ROLE}},
        ),
    ],
)
def test_what_is_not_there_is_refused(backup: Any, operation: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        getattr(backup, operation)(**parameters)


def test_a_vaults_policy_is_kept_until_it_is_deleted(backup: Any) -> None:
    backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy="{}")
    assert backup.get_backup_vault_access_policy(BackupVaultName="vault")["Policy"] == "{}"
    backup.delete_backup_vault_access_policy(BackupVaultName="vault")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.get_backup_vault_access_policy(BackupVaultName="vault")


def test_a_plan_lists_its_own_selections(backup: Any) -> None:
    rule = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
    plans = [
        backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [rule]})["BackupPlanId"]
        for name in ("one", "two")
    ]
    chosen = {"SelectionName": "table", "IamRoleArn": ROLE, "Resources": [TABLE]}
    identity = backup.create_backup_selection(BackupPlanId=plans[0], BackupSelection=chosen)["SelectionId"]
    listed = [backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"] for plan in plans]
    assert [[selection["SelectionId"] for selection in selections] for selections in listed] == [[identity], []]
    kept = backup.get_backup_selection(BackupPlanId=plans[0], SelectionId=identity)["BackupSelection"]
    assert kept == chosen
    backup.delete_backup_selection(BackupPlanId=plans[0], SelectionId=identity)
    assert backup.list_backup_selections(BackupPlanId=plans[0])["BackupSelectionsList"] == []
