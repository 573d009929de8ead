"""Command line of a submitter: check, fix, submit, status, download, withdraw, retry, publish, invite,
mirror, repair-head.

Exit codes: 0 done or accepted; 1 rejected, or a mistake in the command; 2 our failure.
"""

from __future__ import annotations

import typer

from submissions.cli.check_command import check
from submissions.cli.download_command import download
from submissions.cli.fix_command import fix
from submissions.cli.mirror_command import mirror_command
from submissions.cli.repair_head_command import repair_head
from submissions.cli.request_commands import publish, retry, withdraw
from submissions.cli.status_command import status
from submissions.cli.submit_command import submit
from submissions.cli.team_command import invite

app = typer.Typer(
    help="Check, submit and track data sets for the DatasetResearch Arena.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for command in (check, fix, submit, status, withdraw, retry, publish, download, invite, repair_head):
    app.command()(command)
app.command("mirror")(mirror_command)
