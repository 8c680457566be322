"""Digests of files and bytes, as the entries of packages name them; nothing of AWS in here."""

from bucketdex.hashing.algorithms import (
    CHUNKED,
    CRC64NVME,
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
from bucketdex.hashing.files import ChangedError, hash_file, hash_files
from bucketdex.hashing.running import Running

__all__ = [
    "CHUNKED",
    "CRC64NVME",
    "SHA256",
    "ChangedError",
    "Running",
    "agrees",
    "chunk_bytes",
    "chunk_count",
    "chunked",
    "combined",
    "digest_of",
    "from_sha256",
    "hash_file",
    "hash_files",
    "is_verifiable",
]
