"""What `bucketdex bucket add --events trail` says: what the bucket has to have besides."""

from typing import TYPE_CHECKING

import typer

from bucketdex.cli import local_trail
from bucketdex.cli.called import as_called

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def say_of_trail(s3: "S3Client", name: str) -> None:
    """Say from where changes of the bucket are heard of, and what is not known of it without versions."""
    from botocore.exceptions import BotoCoreError, ClientError

    typer.echo("Its changes are heard of from the trail; nothing is changed at the bucket.")
    if not (here := local_trail.is_on()):
        how = "trail add s3://LOGS" if here is None else "local trail on"
        typer.echo(as_called(f"Nothing is heard until a trail records it:  bucketdex {how}"))
    try:
        versioning = s3.get_bucket_versioning(Bucket=name).get("Status", "off")
    except (BotoCoreError, ClientError):
        return  # only to be told; who may list a bucket need not be allowed to ask this
    if versioning != "Enabled":
        typer.echo(f"Its versioning is {versioning.lower()}: authors are known only of versions.")
