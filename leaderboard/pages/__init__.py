"""Pages with their routes, one module or package each; this list is the site."""

from leaderboard.pages import about, account, crawlers, docs, feeds, health, home, static, submissions, system, teams
from leaderboard.pages.board import page as board
from leaderboard.pages.cases import list_page as cases
from leaderboard.pages.cases import page as case
from leaderboard.pages.compare import page as compare
from leaderboard.pages.insights import page as insights
from leaderboard.pages.social_cards import routes as cards
from leaderboard.pages.submission import live_status as live
from leaderboard.pages.submission import owner_actions as actions
from leaderboard.pages.submission import page as submission
from leaderboard.pages.submission import pending as received
from leaderboard.pages.submission import private_result as held
from leaderboard.pages.submission import verdict_counts as why
from leaderboard.pages.submit import api as sent
from leaderboard.pages.submit import check_page as check
from leaderboard.pages.submit import page as submit
from leaderboard.pages.task import page as task
from leaderboard.pages.tasks import page as tasks

ROUTES = [
    *feeds.ROUTES,
    *home.ROUTES,
    *board.ROUTES,
    *tasks.ROUTES,
    *task.ROUTES,
    *insights.ROUTES,
    *cases.ROUTES,
    *case.ROUTES,
    *submissions.ROUTES,
    *live.ROUTES,
    *actions.ROUTES,
    *held.ROUTES,
    *why.ROUTES,
    *submission.ROUTES,
    *received.ROUTES,
    *system.ROUTES,
    *compare.ROUTES,
    *submit.ROUTES,
    *check.ROUTES,
    *sent.ROUTES,
    *account.ROUTES,
    *teams.ROUTES,
    *about.ROUTES,
    *docs.ROUTES,
    *cards.ROUTES,
    *crawlers.ROUTES,
    *health.ROUTES,
    *static.ROUTES,
]
