"""What single tasks tell: cases that organisers write, those of the paper, and those that the results point at.

The Markdown files in this folder ship with the site; `cases/` in the results holds an arena's own.
"""
