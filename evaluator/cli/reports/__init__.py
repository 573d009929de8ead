"""Reports of commands on a terminal."""
