"""Case studies of single tasks: by organisers, from the paper, and detected in the results.

The Markdown files in this folder ship with the site; `cases/` in the results holds an arena's own.
"""
