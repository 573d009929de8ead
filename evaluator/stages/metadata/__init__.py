"""The metadata judge: how well the description of a delivered data set fits the reference's (SCORING.md).

`judge.py` is the stage; `verdict.py` the form and the rules of one task's scores; `total.py` what is published of them;
`describe.py` writes the description that a submission lacks; `settings.py` is what a protocol says; `connect.py` opens
the judge on a server.
"""
