"""One module for each page, with its routes; this list is the site."""

from leaderboard.pages import (
    about,
    board,
    compare,
    docs,
    home,
    insights,
    mcp,
    openapi,
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
    *submissions.ROUTES,
    *submission.ROUTES,
    *system.ROUTES,
    *compare.ROUTES,
    *submit.ROUTES,
    *about.ROUTES,
    *docs.ROUTES,
    *mcp.ROUTES,
    *openapi.ROUTES,
    *static.ROUTES,
]
