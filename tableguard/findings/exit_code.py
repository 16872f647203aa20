"""The exit codes of every command, defined once: a script can rely on them."""

FINE = 0
FINDINGS = 1  # the answer is there, and something in it is wrong
UNANSWERED = 2  # a question has no answer, or could not be asked: never the same as FINE
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal
