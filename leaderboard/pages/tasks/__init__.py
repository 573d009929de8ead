"""Page that lists the tasks."""
