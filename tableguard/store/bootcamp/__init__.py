"""The messaging table of the AWS Cloud Project Bootcamp: its items, and its application's queries on our table."""
