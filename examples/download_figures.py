"""Save every image of a project, several at a time, each file whole or not at all.

python examples/download_figures.py samples/digits-classification figures
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from comet_async import Blob, Failed, Ok, Request, Session, comet, portable_path
from comet_async.comet import Asset


def targets(folder: Path, listings: dict[str, list[Asset]]) -> Iterator[tuple[Path, Request[Blob]]]:
    """Give a file and a request for each image; a server's names are made safe first."""
    for key, assets in listings.items():
        for asset in assets:
            name = portable_path(f"{asset.asset_id}-{asset.file_name or 'image'}")
            path = folder / key / name
            path.parent.mkdir(parents=True, exist_ok=True)
            yield path, comet.get_experiment_asset(asset.asset_id, experiment_key=key)


async def main(project: str, folder: Path) -> int:
    """Download the images and return an exit code."""
    workspace, _, name = project.partition("/")
    async with Session(comet.service()) as session:
        listing = comet.get_experiments(workspace_name=workspace, project_name=name)
        keys = [run.experiment_key for run in (await session.send(listing)).experiments]
        found = await session.collect(
            (key, comet.get_experiment_asset_list(key, type="image")) for key in keys
        )
        failed = len(found.failed)
        images = {key: assets.assets for key, assets in found.ok.items()}
        async with session.download_many(targets(folder, images), overwrite=True) as outcomes:
            async for outcome in outcomes:
                match outcome:
                    case Ok(path, file):
                        print(f"{file.size:>9} bytes  {path}")
                    case Failed(path, error):
                        failed += 1
                        print(f"failed  {path}: {error}", file=sys.stderr)
    return 3 if failed else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1], Path(sys.argv[2]))))
