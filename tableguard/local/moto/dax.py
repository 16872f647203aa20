"""Corrections of moto's DAX: groups of subnets and of parameters, which it lacks, and what it forgets of a cluster.

A cluster is available as soon as its creation is answered, and gone as soon as its deletion is. No cache is behind
its address: tableguard/local/stand_in_cache.py stands in for one, and says so.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Accelerator_(DAX).html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dax.exceptions import ClusterNotFoundFault
from moto.dax.models import DAXBackend, DaxCluster, DaxEndpoint
from moto.dax.responses import DAXResponse

from tableguard.local.moto.patch import wrap

TLS_PORT = 9111
_MOST_NODES = 11
DEFAULT_TTL_MILLIS = "300000"
_TTLS = ("query-ttl-millis", "record-ttl-millis")
_DEFAULT = "default.dax1.0"
_KEPT = ("NetworkType", "PreferredMaintenanceWindow")

_Kept = dict[str, dict[str, Any]]


def install() -> None:
    """Add the operations, and correct how a cluster is made, told and deleted."""
    for operation in _OPERATIONS:
        setattr(DAXResponse, operation.__name__, operation)
    wrap(DaxCluster, "to_json", _cluster_json)
    wrap(DaxEndpoint, "to_json", _endpoint_json)


def create_cluster(response: DAXResponse) -> str:
    """Answer CreateCluster."""
    wanted, backend = json.loads(response.body), response.dax_backend
    response._validate_arn(wanted["IamRoleArn"])
    response._validate_name(wanted["ClusterName"])
    if wanted["ClusterName"] in backend.clusters:
        raise JsonRESTError("ClusterAlreadyExistsFault", "Cluster ID specified already exists.")
    _check_nodes(int(wanted["ReplicationFactor"]))
    _known(backend, "subnet groups", wanted.get("SubnetGroupName", "default"), "SubnetGroupNotFoundFault")
    _known(backend, "parameter groups", wanted.get("ParameterGroupName", _DEFAULT), "ParameterGroupNotFoundFault")
    cluster = backend.create_cluster(
        cluster_name=wanted["ClusterName"],
        node_type=wanted["NodeType"],
        description=wanted.get("Description", ""),
        replication_factor=int(wanted["ReplicationFactor"]),
        iam_role_arn=wanted["IamRoleArn"],
        tags=wanted.get("Tags", []),
        sse_specification=wanted.get("SSESpecification", {}),
        encryption_type=wanted.get("ClusterEndpointEncryptionType", "NONE"),
    )
    cluster.subnet_group = wanted.get("SubnetGroupName", "default")
    _change(cluster, wanted)
    if cluster.encryption_type == "TLS":
        cluster.endpoint.port = TLS_PORT
        for node in cluster.nodes:
            node.node_endpoint["Port"] = TLS_PORT
    answer = json.dumps({"Cluster": cluster.to_json()})
    cluster.status = "available"
    return answer


def _check_nodes(number: int) -> None:
    if not 1 <= number <= _MOST_NODES:
        raise JsonRESTError("NodeQuotaForClusterExceededFault", f"A cluster has from 1 to {_MOST_NODES} nodes.")


def _change(cluster: DaxCluster, wanted: dict[str, Any]) -> None:
    """Keep what CreateCluster and UpdateCluster are given alike."""
    for name in _KEPT:
        if name in wanted:
            _extras(cluster)[name] = wanted[name]
    if "Description" in wanted:
        cluster.description = wanted["Description"]
    if "ParameterGroupName" in wanted:
        cluster.parameter_group.name = wanted["ParameterGroupName"]
    if wanted.get("SecurityGroupIds"):
        cluster.security_groups = [
            {"SecurityGroupIdentifier": group, "Status": "active"} for group in wanted["SecurityGroupIds"]
        ]
    if "NotificationTopicArn" in wanted:
        _extras(cluster)["NotificationConfiguration"] = {
            "TopicArn": wanted["NotificationTopicArn"],
            "TopicStatus": wanted.get("NotificationTopicStatus", "active"),
        }


def _extras(cluster: DaxCluster) -> dict[str, Any]:
    extras: dict[str, Any] = vars(cluster).setdefault("kept_extras", {"NetworkType": "ipv4"})
    return extras


def _cluster_json(original: Callable[[DaxCluster], dict[str, Any]], cluster: DaxCluster) -> dict[str, Any]:
    described = {**original(cluster), **_extras(cluster)}
    return {**described, "ActiveNodes": len(described.get("Nodes", ()))}


def _endpoint_json(
    original: Callable[[DaxEndpoint, bool], dict[str, Any]], endpoint: DaxEndpoint, full: bool = False
) -> dict[str, Any]:
    described = original(endpoint, full)
    if full and endpoint.port == TLS_PORT:
        described["URL"] = f"daxs://{described['Address']}"
    return described


def update_cluster(response: DAXResponse) -> str:
    """Answer UpdateCluster."""
    wanted = json.loads(response.body)
    cluster = _cluster(response.dax_backend, wanted["ClusterName"])
    if "ParameterGroupName" in wanted:
        name = wanted["ParameterGroupName"]
        _known(response.dax_backend, "parameter groups", name, "ParameterGroupNotFoundFault")
    _change(cluster, wanted)
    return json.dumps({"Cluster": cluster.to_json()})


def delete_cluster(response: DAXResponse) -> str:
    """Answer DeleteCluster."""
    backend = response.dax_backend
    cluster = _cluster(backend, json.loads(response.body)["ClusterName"])
    cluster.status = "deleting"
    answer = json.dumps({"Cluster": cluster.to_json()})
    del backend._clusters[cluster.name]
    return answer


def reboot_node(response: DAXResponse) -> str:
    """Answer RebootNode."""
    wanted = json.loads(response.body)
    cluster = _cluster(response.dax_backend, wanted["ClusterName"])
    if wanted["NodeId"] not in (node.node_id for node in cluster.nodes):
        raise JsonRESTError("NodeNotFoundFault", f"Node {wanted['NodeId']} not found.")
    return json.dumps({"Cluster": cluster.to_json()})


def _cluster(backend: DAXBackend, name: str) -> DaxCluster:
    if name not in backend.clusters:
        raise ClusterNotFoundFault
    return backend.clusters[name]


def _kept(backend: DAXBackend, what: str) -> _Kept:
    """Return what a backend keeps of a kind; moto's reset empties it with the rest."""
    kept: _Kept = vars(backend).setdefault(f"kept {what}", {})
    return kept


def _known(backend: DAXBackend, what: str, name: str, fault: str) -> dict[str, Any]:
    """Return a group; the account's default ones are always there."""
    if name in ("default", _DEFAULT):
        return {}
    try:
        return _kept(backend, what)[name]
    except KeyError:
        raise JsonRESTError(fault, f"{name} does not exist.") from None


def _refuse_second(backend: DAXBackend, what: str, name: str, fault: str) -> None:
    if name in _kept(backend, what):
        raise JsonRESTError(fault, f"{name} already exists.")


def _refuse_in_use(backend: DAXBackend, name: str, used: Callable[[DaxCluster], str], fault: str) -> None:
    users = sorted(cluster.name for cluster in backend.clusters.values() if used(cluster) == name)
    if users:
        raise JsonRESTError(fault, f"{name} is in use by {', '.join(users)}.")


def create_subnet_group(response: DAXResponse) -> str:
    """Answer CreateSubnetGroup."""
    wanted, backend = json.loads(response.body), response.dax_backend
    _refuse_second(backend, "subnet groups", wanted["SubnetGroupName"], "SubnetGroupAlreadyExistsFault")
    _kept(backend, "subnet groups")[wanted["SubnetGroupName"]] = wanted
    return json.dumps({"SubnetGroup": _subnet_group(wanted)})


def _subnet_group(kept: dict[str, Any]) -> dict[str, Any]:
    return {
        "SubnetGroupName": kept["SubnetGroupName"],
        "Description": kept.get("Description", ""),
        "Subnets": [{"SubnetIdentifier": subnet} for subnet in kept["SubnetIds"]],
    }


def update_subnet_group(response: DAXResponse) -> str:
    """Answer UpdateSubnetGroup."""
    wanted = json.loads(response.body)
    kept = _known(response.dax_backend, "subnet groups", wanted["SubnetGroupName"], "SubnetGroupNotFoundFault")
    kept |= wanted
    return json.dumps({"SubnetGroup": _subnet_group(kept)})


def delete_subnet_group(response: DAXResponse) -> str:
    """Answer DeleteSubnetGroup."""
    name, backend = json.loads(response.body)["SubnetGroupName"], response.dax_backend
    _known(backend, "subnet groups", name, "SubnetGroupNotFoundFault")
    _refuse_in_use(backend, name, lambda cluster: str(cluster.subnet_group), "SubnetGroupInUseFault")
    _kept(backend, "subnet groups").pop(name, None)
    return json.dumps({"DeletionMessage": f"Subnet group {name} has been deleted."})


def describe_subnet_groups(response: DAXResponse) -> str:
    """Answer DescribeSubnetGroups."""
    backend, names = response.dax_backend, json.loads(response.body).get("SubnetGroupNames")
    kept = _kept(backend, "subnet groups")
    groups = (_known(backend, "subnet groups", name, "SubnetGroupNotFoundFault") for name in names or kept)
    return json.dumps({"SubnetGroups": list(map(_subnet_group, groups))})


def create_parameter_group(response: DAXResponse) -> str:
    """Answer CreateParameterGroup."""
    wanted, backend = json.loads(response.body), response.dax_backend
    name = wanted["ParameterGroupName"]
    _refuse_second(backend, "parameter groups", name, "ParameterGroupAlreadyExistsFault")
    values = dict.fromkeys(_TTLS, DEFAULT_TTL_MILLIS)
    kept = {"ParameterGroupName": name, "Description": wanted.get("Description", ""), "values": values}
    _kept(backend, "parameter groups")[name] = kept
    return json.dumps({"ParameterGroup": _parameter_group(kept)})


def _parameter_group(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kept.items() if name != "values"}


def update_parameter_group(response: DAXResponse) -> str:
    """Answer UpdateParameterGroup."""
    wanted = json.loads(response.body)
    name = wanted["ParameterGroupName"]
    kept = _known(response.dax_backend, "parameter groups", name, "ParameterGroupNotFoundFault")
    changes = {pair["ParameterName"]: pair["ParameterValue"] for pair in wanted["ParameterNameValues"]}
    wrong = [name for name, value in changes.items() if name not in _TTLS or not value.isdecimal()]
    if wrong:
        raise JsonRESTError("InvalidParameterValueException", f"Invalid parameter: {', '.join(wrong)}")
    kept["values"] |= changes
    return json.dumps({"ParameterGroup": _parameter_group(kept)})


def delete_parameter_group(response: DAXResponse) -> str:
    """Answer DeleteParameterGroup."""
    name, backend = json.loads(response.body)["ParameterGroupName"], response.dax_backend
    _known(backend, "parameter groups", name, "ParameterGroupNotFoundFault")
    _refuse_in_use(backend, name, lambda cluster: str(cluster.parameter_group.name), "InvalidParameterGroupStateFault")
    _kept(backend, "parameter groups").pop(name, None)
    return json.dumps({"DeletionMessage": f"Parameter group {name} has been deleted."})


def describe_parameter_groups(response: DAXResponse) -> str:
    """Answer DescribeParameterGroups."""
    backend, names = response.dax_backend, json.loads(response.body).get("ParameterGroupNames")
    kept = _kept(backend, "parameter groups")
    groups = (_known(backend, "parameter groups", name, "ParameterGroupNotFoundFault") for name in names or kept)
    return json.dumps({"ParameterGroups": list(map(_parameter_group, groups))})


def describe_parameters(response: DAXResponse) -> str:
    """Answer DescribeParameters."""
    name = json.loads(response.body)["ParameterGroupName"]
    kept = _known(response.dax_backend, "parameter groups", name, "ParameterGroupNotFoundFault")
    values = {**dict.fromkeys(_TTLS, DEFAULT_TTL_MILLIS), **kept.get("values", {})}
    parameters = [
        {"ParameterName": name, "ParameterValue": value, "Source": "user", "DataType": "integer"}
        for name, value in values.items()
    ]
    return json.dumps({"Parameters": parameters})


def times_of(cluster: DaxCluster, backend: DAXBackend) -> dict[str, float]:
    """Return for how many seconds a cluster keeps answers, by the parameter that says so."""
    kept = _known(backend, "parameter groups", cluster.parameter_group.name, "ParameterGroupNotFoundFault")
    values = {**dict.fromkeys(_TTLS, DEFAULT_TTL_MILLIS), **kept.get("values", {})}
    return {name: int(value) / 1000 for name, value in values.items()}


_OPERATIONS = (
    create_cluster,
    create_parameter_group,
    create_subnet_group,
    delete_cluster,
    delete_parameter_group,
    delete_subnet_group,
    describe_parameter_groups,
    describe_parameters,
    describe_subnet_groups,
    reboot_node,
    update_cluster,
    update_parameter_group,
    update_subnet_group,
)
