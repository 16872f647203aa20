"""Cases as data: questions with their answers, and requests that go wrong."""
