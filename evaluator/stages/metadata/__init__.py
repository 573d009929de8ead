"""Metadata judge: compares the description of a delivered data set with the reference's (SCORING.md).

`judge.py` is the stage; `verdict.py` the form and the rules of one task's scores; `aggregate.py` the published means;
`descriptions.py` writes the description that a submission lacks; `config/judge_settings.py` the protocol's settings;
`open_judge.py` opens the judge on a server.
"""
