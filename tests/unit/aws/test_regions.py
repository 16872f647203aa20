"""A region is one that botocore lists; a typo is told with the nearest names, and what to do if the region is new."""

import pytest

from tableguard.aws.regions import by_partition, unknown_region


@pytest.mark.parametrize("name", ["eu-central-1", "us-east-1", "ap-southeast-7", "me-west-1"])
def test_a_region_of_the_partition_is_one(name: str) -> None:
    assert unknown_region(name) is None


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("eu-central-9", "eu-central-1, eu-central-2"), ("us-eats-1", "us-east-1, us-east-2"), ("nowhere", "none")],
)
def test_another_is_told_with_the_nearest_and_the_way_to_a_newer_list(name: str, nearest: str) -> None:
    why = unknown_region(name)
    assert why is not None
    assert f"knows no region {name}; nearest: {nearest}" in why
    assert why.endswith("pip install --upgrade boto3")


@pytest.mark.parametrize("name", ["cn-north-1", "us-gov-west-1", "aws-global"])
def test_regions_of_other_partitions_are_none_of_this_one(name: str) -> None:
    assert unknown_region(name) is not None


def test_the_regions_of_other_partitions_are_known() -> None:
    assert "cn-north-1" in by_partition()["aws-cn"]
    assert "cn-north-1" not in by_partition()["aws"]
