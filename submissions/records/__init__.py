"""Records that the arena stores and publishes."""
