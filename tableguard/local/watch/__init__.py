"""All that watches an embedded AWS, behind one object, and the time by which it does."""
