"""Page of insights: relations between a board's figures."""
