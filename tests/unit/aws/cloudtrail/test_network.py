"""EC2's requests and answers, as AWS's samples of StartInstances, StopInstances and CreateKeyPair have them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from tableguard.aws.cloudtrail.network import request_parameters, response_elements

STATE = {
    "CurrentState": {"Code": 0, "Name": "pending"},
    "InstanceId": "i-ebeaf9e2",
    "PreviousState": {"Code": 80, "Name": "stopped"},
}


def test_instances_are_a_set_of_items() -> None:
    parameters = {"InstanceIds": ["i-ebeaf9e2"], "Force": False}
    assert request_parameters("StopInstances", parameters) == {
        "instancesSet": {"items": [{"instanceId": "i-ebeaf9e2"}]},
        "force": False,
    }


def test_an_answer_lists_what_changed_and_begins_with_its_request() -> None:
    assert response_elements({"StoppingInstances": [STATE]}, "r") == {
        "requestId": "r",
        "instancesSet": {
            "items": [
                {
                    "instanceId": "i-ebeaf9e2",
                    "currentState": {"code": 0, "name": "pending"},
                    "previousState": {"code": 80, "name": "stopped"},
                }
            ]
        },
    }


def test_an_answer_without_content_says_that_it_was_done() -> None:
    assert response_elements({}, "r") == {"requestId": "r", "_return": True}


def test_a_private_key_is_removed() -> None:
    answer = response_elements({"KeyName": "mykeypair", "KeyMaterial": "secret"}, "r")
    assert answer == {"requestId": "r", "keyName": "mykeypair", "keyMaterial": "<sensitiveDataRemoved>"}


def test_what_opens_a_group_is_written_as_sets() -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": []}
    assert request_parameters("AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", "IpPermissions": [rule]}) == {
        "groupId": "sg-1",
        "ipPermissions": {
            "items": [
                {
                    "ipProtocol": "tcp",
                    "fromPort": 1,
                    "toPort": 2,
                    "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
                    "ipv6Ranges": {},
                }
            ]
        },
    }


def test_requests_for_endpoints_are_wrapped_and_their_lists_numbered() -> None:
    assert request_parameters("DeleteVpcEndpoints", {"VpcEndpointIds": ["vpce-1"]}) == {
        "DeleteVpcEndpointsRequest": {"VpcEndpointId": {"tag": 1, "content": "vpce-1"}}
    }
    assert request_parameters("DescribeVpcEndpoints", {"VpcEndpointIds": ["vpce-1"]}) == {
        "vpcEndpointIdSet": {"items": [{"vpcEndpointId": "vpce-1"}]}
    }
