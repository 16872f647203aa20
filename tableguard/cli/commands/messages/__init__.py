"""Messages and conversations, as the application writes and reads them."""
