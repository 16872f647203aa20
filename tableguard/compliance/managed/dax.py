"""Managed rules about caches."""

from tableguard.compliance.evaluator import Inventory, Parameters, evaluates
from tableguard.compliance.item import ConfigurationItem
from tableguard.compliance.ruling import COMPLIANT, Ruling, broken

_ANEW = "; neither can be changed, so make the cluster anew"


@evaluates("DAX_ENCRYPTION_ENABLED", "AWS::DAX::Cluster")
def encrypted_at_rest(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a cluster encrypts what it keeps: dax-encryption-enabled."""
    if item.fact("SSESpecification", "SSEEnabled"):
        return COMPLIANT
    return broken("the cluster keeps items unencrypted", f"set SSESpecification.SSEEnabled to true{_ANEW}")


@evaluates("DAX_TLS_ENDPOINT_ENCRYPTION", "AWS::DAX::Cluster")
def encrypted_on_the_way(item: ConfigurationItem, _parameters: Parameters, _inventory: Inventory) -> Ruling:
    """Judge whether a cluster is asked over TLS alone: dax-tls-endpoint-encryption."""
    if item.fact("ClusterEndpointEncryptionType") == "TLS":
        return COMPLIANT
    return broken("the cluster answers without TLS", f"set ClusterEndpointEncryptionType to TLS{_ANEW}")
