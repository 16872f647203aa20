"""Numbers with their nouns, for lines that a person reads."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number before its noun: "1 message", "2 messages"; `plural` where it takes more than an s."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
