"""The message store as an application uses it: messages, members, conversation rows, encryption."""
