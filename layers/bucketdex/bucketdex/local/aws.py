"""How clients reach the emulated AWS: addresses, credentials that it takes, a region, an endpoint."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import boto3

LOOPBACK = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "123456789012"  # the emulator's, whatever the access key
KEY = "local"  # of people; a function has the name of its role. The emulator takes any
# Nobody's profiles, neither of whoever started the stack nor of its functions' home.
NO_PROFILES = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}


def bridge_address() -> str:
    """Return where containers reach this machine: Docker's bridge, or what `BUCKETDEX_DOCKER_BRIDGE` says it is."""
    return os.environ.get("BUCKETDEX_DOCKER_BRIDGE", "172.17.0.1")


def aws_environment(edge_url: str, key: str = KEY) -> dict[str, str]:
    """Return the variables that point an AWS client at the emulated AWS; `key` is who it is taken for."""
    return {
        "AWS_ENDPOINT_URL": edge_url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def session() -> "boto3.Session":
    """Return a session for clients of the emulated AWS; each takes the `endpoint_url`."""
    import boto3  # noqa: PLC0415  0.4 s, which commands that only ask for the state can do without

    return boto3.Session(aws_access_key_id=KEY, aws_secret_access_key=KEY, region_name=REGION)
