"""The forms in which a text may be stored: `é` is one character, or an `e` and an accent, as macOS writes names.

Keys are kept as they are, so what is typed is looked for in both.
"""

from typing import Literal
from unicodedata import normalize

from msgspec.structs import replace

from bucketdex.searching.language.syntax import Node, Phrase, Qualifier, Word

Form = Literal["NFC", "NFD"]


def forms(text: str) -> tuple[str, ...]:
    """Return a text composed, decomposed, and as it is, each once."""
    return tuple(dict.fromkeys((normalize("NFC", text), normalize("NFD", text), text)))


def forms_of(node: Node) -> tuple[Node, ...]:
    """Return a word, a phrase or a qualifier with its texts composed, decomposed, and as they are, each once."""
    if _typed(node).isascii():  # as nearly all is, and has one form
        return (node,)
    return tuple(dict.fromkeys((_in("NFC", node), _in("NFD", node), node)))


def _typed(node: Node) -> str:
    match node:
        case Word(text) | Phrase(text):
            return text
        case Qualifier(_, _, typed, field):
            return f"{typed}{field or ''}"
    return ""


def _in(form: Form, node: Node) -> Node:
    match node:
        case Word(text) | Phrase(text):
            return replace(node, text=normalize(form, text))
        case Qualifier(_, value, typed, field):
            return replace(
                node,
                value=normalize(form, value) if isinstance(value, str) else value,
                typed=normalize(form, typed),
                field=None if field is None else normalize(form, field),
            )
    return node
