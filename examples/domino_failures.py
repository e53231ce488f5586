"""Save the logs of every job that failed in every Domino project, each line once.

export DOMINO_API_HOST=https://domino.example.com DOMINO_USER_API_KEY=...
python examples/domino_failures.py failures

Run it again to fetch what is new; it goes on where it was stopped.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from comet_async import Failed, Session, domino, domino_bulk


async def main(folder: Path) -> int:
    """Save the logs and return an exit code."""
    only = domino_bulk.JobFilter(execution_statuses=("Failed", "Error"))
    wanted: list[str] = []
    async with Session(domino.service()) as session:
        projects = [project.id async for project in session.items(domino.paged_projects())]
        async with domino_bulk.list_jobs(session, projects, only=only) as outcomes:
            async for outcome in outcomes:
                if isinstance(outcome, Failed):
                    print(f"failed  {outcome.key}: {outcome.error}", file=sys.stderr)
                else:
                    wanted.append(outcome.key)
        report = await domino_bulk.save_logs(session, wanted, folder)
    print(report)
    return report.exit_code


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(Path(sys.argv[1]))))
