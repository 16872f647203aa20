"""Destroying: the plan names every resource of a stack, however many there are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.settings import example
from tableguard.stacks.destroy import plan
from tableguard.stacks.registry import find_stack

PAGE = 100  # as many as a page of ListStackResources has


class LargeStack:
    """CloudFormation with one stack of so many queues, of which the last is retained."""

    def __init__(self, count: int) -> None:
        self.names = [f"Q{number}" for number in range(count)]

    def client(self, service: str, region_name: str) -> "LargeStack":
        return self

    def get_template(self, **_: Any) -> Any:
        resources = {name: {"Type": "AWS::SQS::Queue"} for name in self.names}
        return {"TemplateBody": json.dumps({"Resources": resources | {self.names[-1]: {"DeletionPolicy": "Retain"}}})}

    def get_paginator(self, name: str) -> "LargeStack":
        assert name == "list_stack_resources"
        return self

    def paginate(self, **_: Any) -> Iterator[Any]:
        summaries = [
            {"LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": name.lower()}
            for name in self.names
        ]
        for start in range(0, len(summaries), PAGE):
            yield {"StackResourceSummaries": summaries[start : start + PAGE]}


@pytest.mark.parametrize("count", [1, PAGE, PAGE + 1])
def test_every_resource_is_named_as_deleted_or_as_kept(count: int) -> None:
    (deletion,) = plan(example(), lambda _: LargeStack(count), (find_stack("audit"),))
    assert len(deletion.deleted) == count - 1
    assert deletion.retained == (("AWS::SQS::Queue", f"q{count - 1}"),)
