"""`bucketdex package`: data packages in registries, each command in a file of its own."""

import typer

from bucketdex.cli.package import browse, build, delete, diff, install, listing, push, status, verify

app = typer.Typer(no_args_is_help=True, help="Build, push, install, look into and compare data packages.")

app.command(epilog=build.EPILOG)(build.build)
app.command(epilog=push.EPILOG)(push.push)
app.command(epilog=status.EPILOG)(status.status)
app.command(epilog=install.EPILOG)(install.install)
app.command(epilog=browse.EPILOG)(browse.browse)
app.command(epilog=diff.EPILOG)(diff.diff)
app.command(epilog=verify.EPILOG)(verify.verify)
app.command("list", epilog=listing.EPILOG)(listing.list_packages)
app.command(epilog=delete.EPILOG)(delete.delete)
