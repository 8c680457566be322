"""Digests of files and bytes, as the entries of packages name them; nothing of AWS in here."""

from bucketdex.hashing.algorithms import (
    CHUNKED,
    CRC32,
    CRC32C,
    CRC64NVME,
    SHA1,
    SHA256,
    agrees,
    chunk_bytes,
    chunk_count,
    chunked,
    combined,
    digest_of,
    from_sha256,
    is_verifiable,
)
from bucketdex.hashing.files import ChangedError, hash_file, hash_files, hash_open
from bucketdex.hashing.memory import piece
from bucketdex.hashing.running import Running
from bucketdex.hashing.streaming import STOP, Digested, Fetch, digest, steps

__all__ = [
    "CHUNKED",
    "CRC32",
    "CRC32C",
    "CRC64NVME",
    "SHA1",
    "SHA256",
    "STOP",
    "ChangedError",
    "Digested",
    "Fetch",
    "Running",
    "agrees",
    "chunk_bytes",
    "chunk_count",
    "chunked",
    "combined",
    "digest",
    "digest_of",
    "from_sha256",
    "hash_file",
    "hash_files",
    "hash_open",
    "is_verifiable",
    "piece",
    "steps",
]
