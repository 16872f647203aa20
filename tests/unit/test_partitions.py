"""Partitions: told by a Region's name, and what is written for one read in another."""

import pytest

from tableguard.aws.regions import by_partition
from tableguard.partitions import domain, in_partition, of_region


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_every_region_that_botocore_knows_is_of_the_partition_that_botocore_says(partition: str) -> None:
    assert {of_region(region) for region in by_partition()[partition]} == {partition}


def test_the_domain_of_endpoints_is_that_of_botocore() -> None:
    assert (domain("aws"), domain("aws-us-gov"), domain("aws-cn")) == (
        "amazonaws.com",
        "amazonaws.com",
        "amazonaws.com.cn",
    )


DOCUMENT = {
    "arn:aws:iam::1:role/a": ["arn:aws:s3:::x", {"Service": "events.amazonaws.com"}],
    "kms:ViaService": ["dynamodb.<home-region>.amazonaws.com", "s3.${AWS::Region}.amazonaws.com"],
    "Days": 3,
}


def test_arns_and_regional_names_are_those_of_the_partition_and_services_keep_theirs() -> None:
    assert in_partition("aws-cn", DOCUMENT) == {
        "arn:aws-cn:iam::1:role/a": ["arn:aws-cn:s3:::x", {"Service": "events.amazonaws.com"}],
        "kms:ViaService": ["dynamodb.<home-region>.amazonaws.com.cn", "s3.${AWS::Region}.amazonaws.com.cn"],
        "Days": 3,
    }
    assert in_partition("aws-us-gov", DOCUMENT) == {
        "arn:aws-us-gov:iam::1:role/a": ["arn:aws-us-gov:s3:::x", {"Service": "events.amazonaws.com"}],
        "kms:ViaService": ["dynamodb.<home-region>.amazonaws.com", "s3.${AWS::Region}.amazonaws.com"],
        "Days": 3,
    }


def test_what_is_written_for_aws_stays_as_it_is_there() -> None:
    assert in_partition("aws", DOCUMENT) is DOCUMENT
