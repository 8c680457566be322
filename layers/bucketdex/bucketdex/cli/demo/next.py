"""How to go on after the demo."""

from pathlib import Path
from shlex import quote

from rich.text import Text

from bucketdex.cli.called import command
from bucketdex.cli.demo.plan import Plan
from bucketdex.cli.demo.screen import Screen


def tell(screen: Screen, address: str, bucket: str, plan: Plan) -> None:
    """Show the catalog's address and commands to try, as they work in this shell and this folder."""
    me = command()
    object_uri = quote(f"s3://{bucket}/{plan.overwriting.file.key}")
    found, handle = plan.searches[-1].query, plan.packaging.handle
    lines = (
        ("open the catalog", address),
        ("search", f"{me} search {quote(found)}"),
        ("show a document", f"{me} show {object_uri}"),
        ("search packages", f"{me} search {handle.partition('/')[2]} --kind package"),
        ("install a package", f"{me} package install {handle} --registry s3://{bucket}"),
        ("set up this shell", f'eval "$({me} local env)"'),
        ("write by AWS CLI", f"aws s3 cp README.md s3://{bucket}/"),
        ("write by boto3", f'boto3.client("s3").upload_file("README.md", "{bucket}", "README.md")'),
        ("record who writes", f"{me} local trail on"),
        ("what is under way", f"{me} status --wait 60"),
        ("add a bucket", f"{me} bucket add my-data"),
        ("stop", "make down" if has_make_down() else f"{me} local down"),
    )
    screen.out.print(Text(f"\nAll of this was seen to happen, in {screen.seconds:.1f} s. How to go on:", "bold green"))
    width = max(len(purpose) for purpose, _ in lines)
    for purpose, line in lines:
        screen.out.print(Text.assemble("   ", (f"{purpose:{width}}  ", "dim"), line), soft_wrap=True)


def has_make_down() -> bool:
    """Tell whether this folder is the checkout, whose Makefile stops the stack too."""
    makefile = Path("Makefile")
    return makefile.is_file() and "\ndown:" in makefile.read_text(errors="replace")
