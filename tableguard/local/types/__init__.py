"""CloudFormation resource types that the embedded AWS adds to moto or corrects, one service a module."""
