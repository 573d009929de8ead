"""One module for each page, with its routes; this list is the site."""

from leaderboard.pages import (
    about,
    board,
    check,
    compare,
    feeds,
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
    *feeds.ROUTES,
    *home.ROUTES,
    *board.ROUTES,
    *tasks.ROUTES,
    *task.ROUTES,
    *insights.ROUTES,
    *submissions.ROUTES,
    *submission.ROUTES,
    *system.ROUTES,
    *compare.ROUTES,
    *submit.ROUTES,
    *check.ROUTES,
    *about.ROUTES,
    *static.ROUTES,
]
