"""Signature Version 4 for plain S3 requests, along the route that boto3 took to the same bucket before."""

import hashlib
import hmac
import re
import time
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from botocore.awsrequest import AWSPreparedRequest

NO_BODY = hashlib.sha256(b"").hexdigest()
UNRESERVED = "/~"  # what a key keeps in a URL besides letters, digits and `-._`; as in botocore
CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/s3/aws4_request,")


class Route(msgspec.Struct, frozen=True):
    """How a bucket is reached: `base` is the URL before the key, `path` its path, `host` as it is signed."""

    base: str
    host: str
    path: str
    region: str
    agent: str


def route_of(request: AWSPreparedRequest | None, key: str) -> Route | None:
    """Return the route that boto3 took, or None where it is not a plain signed request for the key."""
    if request is None:
        return None
    quoted = quote(key, safe=UNRESERVED)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    scope = CREDENTIAL.match(headers.get("authorization", ""))
    if not scope or not request.url.endswith(f"/{quoted}"):
        return None
    base = request.url.removesuffix(quoted)
    parts = urlsplit(base)
    port = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.netloc.removesuffix(f":{port}").lower()
    return Route(base, host, parts.path, scope[1], headers.get("user-agent", "Boto3"))


class Signatures:
    """Signs requests; the keys that it derives from secrets are kept, the latest few."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, str], bytes] = {}  # (secret, day, region) -> signing key

    def sign(
        self,
        credentials: Any,
        route: Route,
        method: str,
        quoted: str,
        query: str,
        headers: dict[str, str],
        payload: str,
    ) -> dict[str, str]:
        """Return the headers to send: those given, and those of the signature.

        `quoted` is the key and `query` the query as they stand in the URL, `payload` the SHA-256 of the body in hex.
        """
        current = credentials.get_frozen_credentials()
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{now[:8]}/{route.region}/s3/aws4_request"
        headers = headers | {"x-amz-content-sha256": payload, "x-amz-date": now}
        if current.token:
            headers["x-amz-security-token"] = current.token
        signed = dict(sorted({"host": route.host, **headers}.items()))
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        request = f"{method}\n{route.path}{quoted}\n{query}\n{lines}\n{names}\n{payload}"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._key(current.secret_key, now[:8], route.region), to_sign.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={current.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        headers["user-agent"] = route.agent
        return headers

    def _key(self, secret: str, day: str, region: str) -> bytes:
        known = self._keys.get((secret, day, region))
        if known is None:
            known = f"AWS4{secret}".encode()
            for part in (day, region, "s3", "aws4_request"):
                known = hmac.digest(known, part.encode(), "sha256")
            if len(self._keys) > 8:  # yesterday's, and those of credentials that have expired
                self._keys.clear()
            self._keys[secret, day, region] = known
        return known


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
