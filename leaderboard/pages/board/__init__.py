"""Page of a track's board."""
