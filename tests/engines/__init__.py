"""Other engines that the tests put beside the embedded AWS where the machine has them."""

MOTO, DYNAMODB_LOCAL = "moto", "dynamodb-local"
