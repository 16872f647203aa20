"""What `deploy` shows and asks: the changes of each stack, who makes them, how far they are."""
