"""The check of a submission: reads it, reports every problem, and writes what passed in the form that is stored."""
