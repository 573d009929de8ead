"""Sign-in, visitors and ownership."""
