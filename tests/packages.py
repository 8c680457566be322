"""Registries for tests: manifests and pointers as the reference client writes them."""

import hashlib
import json
from typing import Any

from bucketdex.manifest import Entry, Hash, Header, top_hash
from bucketdex.manifest.layout import manifest_key, pointer_key, s3_uri

TIME = "1700000000"


def entry(bucket: str, key: str, size: int = 3, meta: Any = None, version: str | None = "v1") -> dict[str, Any]:
    """Return a line of a manifest; its bytes are in `data/`, its hash is that of its key."""
    return {
        "logical_key": key,
        "physical_keys": [s3_uri(bucket, f"data/{key}", version)],
        "size": size,
        "hash": {"type": "SHA256", "value": hashlib.sha256(key.encode()).hexdigest()},
        "meta": meta or {},
    }


def manifest(entries: list[dict[str, Any]], **header: Any) -> tuple[str, bytes]:
    """Return the top hash and the bytes of a manifest."""
    fields = {"version": "v0", **header}
    found = [
        Entry(it["logical_key"], it["physical_keys"], it["size"], Hash(**it["hash"]), it["meta"])
        for it in entries
        if it.get("physical_keys")
    ]
    lines = [fields, *entries]
    return top_hash(Header(fields), lambda: found), "".join(json.dumps(line) + "\n" for line in lines).encode()


def put(s3: Any, bucket: str, top_hash: str, content: bytes) -> str:
    """Write a manifest and return its key."""
    s3.put_object(Bucket=bucket, Key=manifest_key(top_hash), Body=content)
    return manifest_key(top_hash)


def point(s3: Any, bucket: str, handle: str, top_hash: str, revision: str = "latest") -> str:
    """Write a pointer and return its key."""
    s3.put_object(Bucket=bucket, Key=pointer_key(handle, revision), Body=top_hash.encode())
    return pointer_key(handle, revision)
