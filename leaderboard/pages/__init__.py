"""One module for each page, with its routes; this list is the site."""

from leaderboard.pages import (
    about,
    actions,
    board,
    compare,
    feeds,
    held,
    home,
    insights,
    live,
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
    *live.ROUTES,
    *actions.ROUTES,
    *held.ROUTES,
    *submission.ROUTES,
    *system.ROUTES,
    *compare.ROUTES,
    *submit.ROUTES,
    *about.ROUTES,
    *static.ROUTES,
]
