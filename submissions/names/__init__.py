"""Names of teams and systems: allowed characters, and which names look alike."""
