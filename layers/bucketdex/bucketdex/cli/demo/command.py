"""`bucketdex demo`: from nothing to a result. Files are written to a bucket, search finds them, and follows changes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bucketdex.cli.called import as_called
from bucketdex.cli.failures import NoStackError, epilog, usage
from bucketdex.cli.options import Json, bucket_name

EPILOG = epilog(
    """bucketdex demo
    bucketdex demo --data ~/Documents""",
    _1="a step did not work, or search did not follow: the message says which and where to look",
)
INTRODUCTION = "The whole stack runs on this machine: what is written to a bucket is found seconds later."


def _folder(given: str) -> Path:
    """Return the folder; `~` may come unexpanded, as from `make demo DATA=~/Documents`."""
    folder = Path(given).expanduser()
    if not folder.is_dir():
        usage(f"there is no folder {given}")
    return folder


@contextlib.contextmanager
def _stack_runs_on() -> Iterator[None]:
    """Say after Ctrl-C that the stack goes on, where it was ready."""
    from bucketdex.cli.here import running

    try:
        yield
    except KeyboardInterrupt:
        with contextlib.suppress(NoStackError):
            running()
            typer.echo(as_called("\nThe stack runs on; to stop it: bucketdex local down"), err=True)
        raise


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            parser=_folder, metavar="FOLDER", help="Write the files of this folder.", show_default="packaged ones"
        ),
    ] = None,
    bucket: Annotated[
        str, typer.Option("--bucket", "-b", help="The bucket to write to.", parser=bucket_name, metavar="NAME")
    ] = "bucketdex-demo",
    as_json: Json = False,
) -> None:
    """Start the stack, write some hundreds of real files to a bucket, and find them.

    A package is made of some of them, pushed and found, and a file by its digest. Then one object is overwritten and
    another deleted, and search has to follow; then the same without the bucket's notifications, by a CloudTrail, which
    knows who wrote. In the end every key of the bucket is compared with the index. Nothing leaves this machine, and run
    again it takes half a minute at most.
    """
    from bucketdex.cli.demo import next as next_steps
    from bucketdex.cli.demo import packaging, steps, unnoticed
    from bucketdex.cli.demo.folder import plan_for_folder
    from bucketdex.cli.demo.plan import plan_for_packages
    from bucketdex.cli.demo.screen import Screen

    plan = plan_for_folder(data) if data else plan_for_packages()
    screen = Screen(silent=as_json)
    screen.out.print(INTRODUCTION, style="dim")
    with _stack_runs_on(), screen.story():
        with screen.step("Start the stack of template.yaml"):
            stack = steps.start(screen)
        with screen.step(f"Connect the bucket s3://{bucket}"):
            steps.connect(screen, stack, bucket)
        with screen.step(f"Write {len(plan.files):,} files"):
            steps.write(screen, stack, bucket, plan)
        with screen.step("Search"):
            for search in plan.searches:
                steps.search(screen, stack, bucket, search)
        with screen.step(f"Push the package {plan.packaging.handle}"):
            pushed = packaging.push(screen, bucket, plan.packaging)
            packaging.find(screen, stack, bucket, plan.packaging, pushed)
        with screen.step("Find the same bytes"):
            packaging.same_bytes(screen, stack, bucket, plan.packaging)
        with screen.step("Overwrite an object"):
            steps.overwrite(screen, stack, bucket, plan.overwriting, own=plan.own)
        with screen.step("Delete another"):
            steps.delete(screen, stack, bucket, plan.deletion, own=plan.own)
        with screen.step("Without notifications"):
            unnoticed.follow_the_trail(screen, stack, bucket)
        with screen.step("Compare the index with the bucket"):
            steps.compare(screen, stack, bucket, plan.deletion)
    if not as_json:
        next_steps.tell(screen, stack.state.api_url, bucket, plan)
