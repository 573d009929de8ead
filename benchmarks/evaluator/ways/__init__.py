"""Other implementations of the same work, as processes measured beside ours."""
