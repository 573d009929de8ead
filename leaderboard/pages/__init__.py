"""One module for each page, with its routes; this list is the site."""

from leaderboard.pages import (
    about,
    board,
    case,
    cases,
    compare,
    home,
    insights,
    static,
    submission,
    submissions,
    submit,
    system,
    task,
    tasks,
)

ROUTES = [
    *home.ROUTES,
    *board.ROUTES,
    *tasks.ROUTES,
    *task.ROUTES,
    *insights.ROUTES,
    *cases.ROUTES,
    *case.ROUTES,
    *submissions.ROUTES,
    *submission.ROUTES,
    *system.ROUTES,
    *compare.ROUTES,
    *submit.ROUTES,
    *about.ROUTES,
    *static.ROUTES,
]
