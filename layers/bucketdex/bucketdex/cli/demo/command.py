"""`bucketdex demo`: from nothing to a result. Files are written to a bucket, search finds them, and follows changes."""

from pathlib import Path
from typing import Annotated

import typer

from bucketdex.cli.failures import epilog
from bucketdex.cli.options import Json

EPILOG = epilog(
    """bucketdex demo
    bucketdex demo --data ~/Documents""",
    _1="a step did not work, or search did not follow: the message says which and where to look",
)
INTRODUCTION = "The whole stack runs on this machine: what is written to a bucket is found seconds later."


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Write the files of this folder.", show_default="packaged ones"
        ),
    ] = None,
    bucket: Annotated[str, typer.Option("--bucket", "-b", help="The bucket to write to.")] = "bucketdex-demo",
    as_json: Json = False,
) -> None:
    """Start the stack, write some hundreds of real files to a bucket, and find them.

    One object is then overwritten and another deleted, and search has to follow. In the end every key of the bucket
    is compared with the index. Nothing leaves this machine, and run again it takes seconds.
    """
    from bucketdex.cli.demo import next as next_steps
    from bucketdex.cli.demo import steps
    from bucketdex.cli.demo.folder import plan_for_folder
    from bucketdex.cli.demo.plan import plan_for_packages
    from bucketdex.cli.demo.screen import Screen

    plan = plan_for_folder(data) if data else plan_for_packages()
    screen = Screen(silent=as_json)
    screen.out.print(INTRODUCTION, style="dim")
    with screen.story():
        with screen.step("Start the stack of template.yaml"):
            stack = steps.start(screen)
        with screen.step(f"Connect the bucket s3://{bucket}"):
            steps.connect(screen, stack, bucket)
        with screen.step(f"Write {len(plan.files):,} files"):
            steps.write(screen, stack, bucket, plan)
        with screen.step("Search"):
            for search in plan.searches:
                steps.search(screen, stack, bucket, search)
        with screen.step("Overwrite an object"):
            steps.overwrite(screen, stack, bucket, plan.overwriting)
        with screen.step("Delete another"):
            steps.delete(screen, stack, bucket, plan.deletion)
        with screen.step("Compare the index with the bucket"):
            steps.compare(screen, stack, bucket, plan.deletion)
    if not as_json:
        next_steps.tell(screen, bucket, plan)
