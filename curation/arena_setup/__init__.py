"""Arena setup."""
