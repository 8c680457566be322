"""The line of an entry as the reference client prints it, taken apart by one regular expression.

Nearly all lines of all manifests are of this form: in its order, of plain ASCII, without metadata. What is in quotes is
then, byte for byte, what canonical JSON prints. Every other line is `lines.entry`'s.
"""

import re

LONGEST = 4096  # bytes; longer lines are few, and some of their names have to be cut
END = b'"meta": {}}'
_PLAIN = rb"[ !#-\[\]-~]"  # needs no escape in JSON
_KEY = rb"[ !$&->@-\[\]-~]++"  # plain, and nothing that a URL would have quoted or that ends its path: " # % ?
# Nothing is tried twice (`++`): a line of another form is known as one at once.
_LINE = re.compile(
    rb'\{"logical_key": "(?P<key>[ !#-\-0-\[\]-~]' + _PLAIN + rb'*+)(?<!/)", "physical_keys": \['
    rb'"(?P<address>s3://(?P<bucket>[\w.-]++)/(?P<object>' + _KEY + rb")"
    rb"(?:\?versionId=(?P<version>[\w.-]++))?(?=\")|" + _PLAIN + rb'++)"\], '
    rb'"size": (?P<size>0|[1-9][0-9]{0,17}+), '
    rb'"hash": \{"type": "(?P<type>' + _PLAIN + rb'++)", "value": "(?P<value>' + _PLAIN + rb'++)"\}, "meta": \{\}\}'
)  # fmt: skip


def match(line: bytes) -> re.Match[bytes] | None:
    """Return the parts of a line, or None where it is of another form."""
    return _LINE.fullmatch(line) if line.endswith(END) and len(line) <= LONGEST else None


# Of a match: key, address, bucket, object, version, size, type, value; all bytes, the third to fifth None where the
# address is not of S3, or not plain.


def is_path(key: bytes) -> bool:
    """Whether the key of a match is the path of a file beyond doubt; it neither begins nor ends with a slash."""
    return b"/." not in key and b"//" not in key
