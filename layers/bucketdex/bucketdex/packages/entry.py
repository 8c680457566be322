"""The document of one entry of a manifest."""

import hashlib
import re
from binascii import b2a_base64
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

import msgspec

from bucketdex.index.ids import DIGEST_BYTES
from bucketdex.index.names import extensions
from bucketdex.index.pairs import LONGEST_VALUE, Pair, flattened, named, storable_text
from bucketdex.index.versioned import Versioned
from bucketdex.manifest import Entry, faults
from bucketdex.manifest.layout import Physical, physical
from bucketdex.manifest.quick import is_path
from bucketdex.manifest.verify import faults_of_key
from bucketdex.packages.document import LARGEST

ID_CHARACTERS = DIGEST_BYTES * 4 // 3
URL_SAFE = bytes.maketrans(b"+/", b"-_")
LONGEST_NAME = 1_024  # characters, as of keys in S3; a logical key has no limit of its own
LONGEST_ADDRESS = 4_096
MOST_ENDS = 10_000  # of names that are remembered
GIVEN = "user_meta"  # where an entry's metadata has what somebody gave to it


class EntryWriter:
    """Makes the documents of one manifest's entries, for one epoch; the same entry always gets the same id.

    A document is printed, not built and encoded: there are millions, and that takes half the time. The mapping is in
    `index/mappings/entries.py`; fields without a value are left out.
    """

    def __init__(self, bucket: str, top_hash: str, epoch: int) -> None:
        common = f'{{"bucket":{quoted(bucket)},"top_hash":{quoted(storable_text(top_hash))},"epoch":{epoch},'
        self._common = common.encode()
        # The beginning that all ids have in common is digested once.
        self._ids = hashlib.blake2b(f"{bucket}/{storable_text(top_hash)}/".encode(), digest_size=DIGEST_BYTES)
        self._objects: dict[bytes, Any] = {}  # bucket -> the same for the objects in it
        self._extensions: dict[bytes, bytes] = {}  # end of a name -> the field

    def document(self, entry: Entry) -> Versioned:
        """Return the document of an entry."""
        key, address = storable_text(entry.logical_key), storable_text(entry.physical_keys[0])
        size, digest = entry.size, entry.hash
        problems = faults(entry)
        ids = self._ids.copy()
        ids.update(key.encode())
        if len(key) > LONGEST_NAME or len(address) > LONGEST_ADDRESS:
            problems.append("its names are too long, and cut")
            key, address = key[:LONGEST_NAME], address[:LONGEST_ADDRESS]
        name = key.rpartition("/")[2] or key
        fields = [f'"logical_key":{quoted(key)},"name":{quoted(name)},"physical_key":{quoted(address)}']
        if where := physical(address):
            fields.append(self._where(where))
        if type(size) is int and 0 <= size <= LARGEST:
            fields.append(f'"size":{size}')
        if digest:
            kind, value = quoted(storable_text(digest.type)), quoted(storable_text(digest.value))
            fields.append(f'"hash":{{"type":{kind},"value":{value}}}')
        meta = entry.meta
        if not isinstance(meta, msgspec.Raw) or bytes(meta) != b"{}":
            pairs, whole = _pairs(entry)
            if pairs:
                fields.append(f'"metadata":{_json(named(pairs))},"pairs":{_json(pairs)}')
            if not whole:
                problems.append("not all of its metadata is searchable: it is too much, or nested too deeply")
        if len(entry.physical_keys) > 1:
            problems.append(f"only the first of its {len(entry.physical_keys)} physical keys is known here")
        if problems:
            fields.append(f'"problem":{quoted(storable_text("; ".join(problems)[:LONGEST_VALUE]))}')
        document = b"%b%b%b}" % (self._common, ",".join(fields).encode(), self._extensions_of(name.encode()))
        return b2a_base64(ids.digest(), newline=False).translate(URL_SAFE), document

    def plain_document(self, found: re.Match[bytes]) -> Versioned:
        """Return the same of a line that `manifest.quick` took apart: nothing in it needs an escape."""
        key, address, bucket, object_key, version, size, kind, value = found.groups()
        ids = self._ids.copy()
        ids.update(key)
        digest = ids.digest()
        if bucket is None:  # something in the address is quoted, or it is none of S3
            it = physical(address.decode())
            where = f",{self._where(it)}".encode() if it else b""
            identity = b2a_base64(digest, newline=False).translate(URL_SAFE)
        else:
            both = b2a_base64(digest + self._object(bucket, object_key), newline=False).translate(URL_SAFE)
            identity, in_bucket = both[:ID_CHARACTERS], both[ID_CHARACTERS:]
            of_version = b',"version_id":"%b"' % version if version else b""
            where = b',"physical":{"bucket":"%b","key":"%b"%b},"object":"%b"' % (
                bucket, object_key, of_version, in_bucket,
            )  # fmt: skip
        name = key[key.rfind(b"/") + 1 :] or key
        problem = b""
        if not is_path(key):
            told = "; ".join(faults_of_key(key.decode()))[:LONGEST_VALUE]
            problem = f',"problem":{quoted(told)}'.encode() if told else b""
        document = (
            b'%b"logical_key":"%b","name":"%b","physical_key":"%b"%b,"size":%b,"hash":{"type":"%b","value":"%b"}%b%b}'
            % (
                self._common, key, name, address, where, size, kind, value,
                self._extensions_of(name), problem,
            )
        )  # fmt: skip
        return identity, document

    def _where(self, where: Physical) -> str:
        version = f',"version_id":{quoted(where.version_id)}' if where.version_id else ""
        digest = self._object(where.bucket.encode("utf-8", "replace"), where.key.encode("utf-8", "replace"))
        identity = b2a_base64(digest, newline=False).translate(URL_SAFE).decode()
        fields = f'"bucket":{quoted(storable_text(where.bucket))},"key":{quoted(storable_text(where.key))}{version}'
        return f'"physical":{{{fields}}},"object":"{identity}"'

    def _object(self, bucket: bytes, key: bytes) -> bytes:
        known = self._objects.get(bucket)
        if known is None:
            known = hashlib.blake2b(bucket + b"/", digest_size=DIGEST_BYTES)
            self._objects[bucket] = known
        digest = known.copy()
        digest.update(key)
        found: bytes = digest.digest()
        return found

    def _extensions_of(self, name: bytes) -> bytes:
        dot = name.find(b".", 1)
        if dot < 0:
            return b""
        end = name[dot:]
        known = self._extensions.get(end)
        if known is None:
            found = extensions(f"a{end.decode()}")
            known = b',"extensions":' + msgspec.json.encode(found) if found else b""
            if len(self._extensions) < MOST_ENDS:
                self._extensions[end] = known
        return known


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _pairs(entry: Entry) -> tuple[tuple[Pair, ...], bool]:
    try:
        return flattened("metadata", _as_given(entry.metadata))
    except (ValueError, RecursionError):  # an integer of more digits than Python reads
        return (), False


def _as_given(metadata: Any) -> Any:
    """Return metadata by the names that were given to them, beside those of programs; both, where a name is of both."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get(GIVEN), dict):
        return metadata
    found = dict(metadata[GIVEN])
    for name, value in metadata.items():
        if name != GIVEN:
            found[name] = [found[name], value] if name in found else value
    return found


def reduced(document: bytes, reason: str) -> bytes:
    """Return a document that OpenSearch refused less what users named freely in it."""
    fields: dict[str, Any] = msgspec.json.decode(document)
    said = f"indexed without metadata, as OpenSearch refused it: {reason}"
    problem = f"{fields['problem']}; {said}" if "problem" in fields else said
    kept = {name: value for name, value in fields.items() if name not in ("metadata", "pairs", "extensions")}
    return msgspec.json.encode(kept | {"problem": problem[:LONGEST_VALUE]})
