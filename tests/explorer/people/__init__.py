"""People who begin conversations, join, leave and list them beside the function, in every order of their calls."""
