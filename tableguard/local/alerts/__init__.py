"""What reacts on the embedded AWS: event rules, metric filters, alarms, and the topics that they tell."""
