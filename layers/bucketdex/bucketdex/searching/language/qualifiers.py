"""The table of qualifiers, `name:value`: what the parser, completion and the documentation know of each."""

from typing import Literal

import msgspec

# text: as it stands, `*` stands for anything. any: a text, a number or a date, whichever it reads as.
Form = Literal["text", "size", "date", "any"]
Found = Literal["object", "package", "entry"]

EVERYTHING: tuple[Found, ...] = ("object", "package", "entry")
FILES: tuple[Found, ...] = ("object", "entry")


class QualifierKind(msgspec.Struct, frozen=True):
    """A qualifier: `means` goes on from "is found by"; `kinds` are what it can find; nothing of another kind is.

    `fields`: a name can follow after a dot, `meta.plate`. `choices`: the only values that there are.
    """

    name: str
    means: str
    form: Form
    kinds: tuple[Found, ...]
    example: str
    aliases: tuple[str, ...] = ()
    fields: bool = False
    choices: tuple[str, ...] = ()


QUALIFIERS: dict[str, QualifierKind] = {
    kind.name: kind
    for kind in (
        QualifierKind(
            "bucket", "its bucket; that of a package or an entry is the registry", "text", EVERYTHING,
            "bucket:my-data", aliases=("registry",),
        ),
        QualifierKind("key", "its key, of an entry the logical key", "text", FILES, "key:runs/*.csv"),
        QualifierKind(
            "name", "the last part of its key, or of a package's handle", "text", EVERYTHING, "name:plate*.csv",
        ),
        QualifierKind("ext", "its extension", "text", FILES, "ext:.csv.gz"),
        QualifierKind("size", "its size, of a package the size of all its entries", "size", EVERYTHING, "size:>10MB"),
        QualifierKind("modified", "when it was last written", "date", ("object", "package"), "modified:2024-01"),
        QualifierKind("type", "what it is", "text", EVERYTHING, "type:package", choices=EVERYTHING),
        QualifierKind("author", "the first part of its package's handle", "text", ("package", "entry"), "author:bio"),
        QualifierKind(
            "package", "the package it is or is in, by handle", "text", ("package", "entry"), "package:bio/penguins",
        ),
        QualifierKind(
            "hash", "a digest or etag, of a package the beginning of its top hash", "text", EVERYTHING,
            "hash:4f2a90",
        ),
        QualifierKind("tag", "an S3 tag by its name, or by any word", "any", ("object",), "tag.stage:raw", fields=True),
        QualifierKind(
            "meta", "metadata by their name, or by any word", "any", EVERYTHING, "meta.weight:>3.5", fields=True,
        ),
        QualifierKind("column", "the name of a column in its first line (CSV, TSV)", "text", ("object",), "column:sex"),
        QualifierKind("class", "its storage class", "text", ("object",), "class:GLACIER"),
        QualifierKind("by", "who wrote it, as the trail tells", "text", ("object",), "by:anna"),
    )
}  # fmt: skip

NAMES: dict[str, str] = {known: kind.name for kind in QUALIFIERS.values() for known in (kind.name, *kind.aliases)}

# What people call qualifiers elsewhere, so that the right name can be told.
ALSO_CALLED: dict[str, str] = {
    "extension": "ext", "filetype": "ext", "format": "ext", "suffix": "ext",
    "filename": "name", "file": "name", "title": "name",
    "path": "key", "folder": "key", "directory": "key", "prefix": "key", "in": "key", "logical_key": "key",
    "date": "modified", "time": "modified", "updated": "modified", "changed": "modified", "created": "modified",
    "since": "modified", "after": "modified", "before": "modified",
    "kind": "type", "is": "type",
    "bytes": "size", "length": "size",
    "metadata": "meta", "tags": "tag", "label": "tag", "labels": "tag",
    "user": "by", "owner": "by", "creator": "by", "writer": "by",
    "handle": "package", "pkg": "package", "dataset": "package",
    "digest": "hash", "checksum": "hash", "sha": "hash", "top_hash": "hash", "tophash": "hash",
    "col": "column", "header": "column", "columns": "column",
    "storage": "class", "storage_class": "class", "storageclass": "class", "tier": "class",
}  # fmt: skip
