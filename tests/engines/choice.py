"""Which DynamoDB a test asks: moto, DynamoDB Local, or both."""

import pytest

from tests.engines import DYNAMODB_LOCAL, MOTO
from tests.engines.dynamodb_local import HERE, needs_dynamodb_local

__all__ = ["BOTH", "DYNAMODB_LOCAL", "FASTER", "MOTO"]

BOTH = (MOTO, pytest.param(DYNAMODB_LOCAL, marks=needs_dynamodb_local))
# an UpdateItem costs moto 14 ms of CPU and DynamoDB Local 3: what asks thousands of times asks one of them
FASTER = DYNAMODB_LOCAL if HERE else MOTO
