"""Identity and access policies: the documents, what they decide, and what can be proved of them."""
