"""The difference that a change of policies makes: what is newly allowed and newly denied."""
