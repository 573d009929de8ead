"""Page of one task."""
