"""Every form in which a change of an object is told, read into `ObjectChange`."""

from bucketdex.changes.change import Author, Checksum, Fact, ObjectChange
from bucketdex.changes.message import Message, parse_message

__all__ = ["Author", "Checksum", "Fact", "Message", "ObjectChange", "parse_message"]
