"""What is done to the conversation rows by hand: verified, reconciled with the messages, failed batches redriven."""
