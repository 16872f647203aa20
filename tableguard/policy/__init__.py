"""The policy language and what AWS decides: documents, statements, conditions, and the evaluation of one request."""
