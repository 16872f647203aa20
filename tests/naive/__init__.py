"""The delete-and-put way of keeping conversation rows, as tutorials show it: what Pattern D is measured against."""
