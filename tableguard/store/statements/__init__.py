"""PartiQL statements: what one will read or write and cost, and how it runs."""
