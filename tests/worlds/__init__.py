"""What several tests set up: tables, functions, streams, policies, an edge with a running embedded AWS."""
