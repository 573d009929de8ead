"""Set-up of an arena's repositories."""
