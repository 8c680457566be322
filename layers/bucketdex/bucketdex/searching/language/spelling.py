"""Mistakes that people make, and what is said about them."""

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

from bucketdex.searching.language.mistakes import PARTS, QuerySyntaxError, in_quotes, shown
from bucketdex.searching.language.qualifiers import ALSO_CALLED, NAMES, QUALIFIERS, QualifierKind

DIGEST = re.compile(
    r"((?:sha-?\d+|sha2-256(?:-chunked)?|md5|crc32c?|crc64nvme|etag):[^*\s]+\*?)", re.ASCII | re.IGNORECASE
)
NAMED = re.compile(r"([a-z][a-z_-]+)(\.[^:\s]*)?:(?!//|[:\\])(\S+)", re.ASCII | re.IGNORECASE | re.DOTALL)
COMPARED = re.compile(r"([a-z]+)(\.[^:\s<>=]+)?((?:>=|<=|>|<|=)\S+)", re.ASCII | re.IGNORECASE)
# What stands before a colon and is no mistake: addresses, and identifiers of what scientists name by.
LITERAL = frozenset({"arn", "doi", "urn", "mailto", "orcid", "pmid"})
IDENTIFIER = re.compile(r"[A-Z][A-Za-z]*:[A-Z]*_?\d\S*", re.ASCII)  # GO:0008150, CHEBI:15377
APART = {  # by the form of the value
    "size": re.compile(r"\s+([kmgtp]i?b|b|bytes?)(?=[\s)]|\.\.|$)", re.ASCII | re.IGNORECASE),
    "date": re.compile(
        r"\s+(\d{2}:\d{2}(?::\d{2})?|[hdwmy]|(?:hour|day|week|month|year)s?)(?=[\s)]|$)", re.ASCII | re.IGNORECASE
    ),
}
NEXT = re.compile(r"\s+([^\s()\"“„:]+)(?=[\s)]|$)")
SPACED = re.compile(r"(?<![^\s(-])([a-z]+)(\.[^\s:()\"]+)?:?\s+$", re.IGNORECASE)
OPERATORS = frozenset({"OR", "AND", "NOT"})
COMMA = re.compile(r"[,|]")
NO_COMMAS = frozenset({"bucket", "ext", "type", "class", "author"})


class Piece(NamedTuple):
    """A token of the grammar, where it begins."""

    type: str
    text: str
    start: int


def digest(word: str) -> str | None:
    """Return the word if it is a digest with its type, `sha256:4b62...`."""
    found = DIGEST.fullmatch(word)
    return found[1].removeprefix("etag:") if found else None


def misplaced(text: str, pieces: Sequence[Piece], at: int | None) -> QuerySyntaxError:
    """Return what is said where the grammar stopped: at a piece, or at the end (None)."""
    found = next((index for index, piece in enumerate(pieces) if piece.start == at), len(pieces))
    before = pieces[found - 1] if found else None
    piece = pieces[found] if found < len(pieces) else None
    if before and before.type in {"_OR", "_NOT"} and not (before.type == "_NOT" and piece and piece.type == "_NOT"):
        return _nothing_behind(text, before, piece)
    if piece is None:
        return _never_closed(text, pieces)
    if piece.type == "_CLOSE":
        return QuerySyntaxError(
            "this parenthesis closes none; if it belongs to a name, put the name in quotes",
            column=piece.start + 1,
            expected=PARTS,
            suggestion=_without(text, piece),
        )
    return QuerySyntaxError(
        f"there is nothing before {piece.text}; it stands between two, as in cat OR dog"
        f'; to search for the word itself write "{piece.text}"',
        column=piece.start + 1,
        length=len(piece.text),
        expected=PARTS,
        suggestion=_without(text, piece),
    )


def refuse_unknown(text: str, word: str, at: int) -> None:
    """Raise where a word looks like a qualifier that there is none of."""
    compared = COMPARED.fullmatch(word)
    if compared and compared[1].lower() in NAMES and (compared[2] or compared[3][0] != "="):
        name = word[: compared.start(3)]
        raise QuerySyntaxError(
            f"a colon is missing behind {name}",
            column=at + len(name) + 1,
            expected=(":",),
            suggestion=replaced(text, at, word, f"{name}:{compared[3].removeprefix('=')}"),
        )
    named = NAMED.fullmatch(word)
    if not named or named[1].lower() in LITERAL or IDENTIFIER.fullmatch(word):
        return
    name, field, value = named.groups()
    if field and name.lower() in NAMES:
        raise _wrong_field(text, word, at, named)
    near = near_names(name)
    if field:
        near = [other for other in near if QUALIFIERS[other].fields]
        if not near:
            return  # `notes.txt:12`, as grep writes
    literal = in_quotes(word)
    likely = [f"{other}{field or ''}:{value}" for other in near]
    meant = f"; did you mean {' or '.join(map(shown, likely))}? To" if near else "; to"
    better = likely[0] if near else literal
    raise QuerySyntaxError(
        f'there is no qualifier "{name}:"{meant} search for it as it stands, put it in quotes, {shown(literal)}',
        column=at + 1,
        length=len(name) + 1,
        expected=tuple(f"{other}:" for other in near or QUALIFIERS),
        suggestion=replaced(text, at, word, better),
        unknown=word,
    )


def refuse_spaced(text: str, operator: str, at: int) -> None:
    """Raise where a comparison stands apart: `size > 10MB`, `meta.dose > 3`."""
    before = SPACED.search(text[:at])
    behind = re.match(r"\s+([^\s()]+)", text[at + len(operator) :])
    if operator not in {">", ">=", "<", "<="} or not before or before[1].lower() not in NAMES or not behind:
        return
    joined = f"{before[1]}{before[2] or ''}:{operator}{behind[1]}"
    raise QuerySyntaxError(
        f"a comparison stands behind a colon, without spaces: {shown(joined)}",
        column=at + 1,
        length=len(operator),
        expected=(joined,),
        suggestion=f"{text[: before.start()]}{joined}{text[at + len(operator) + behind.end() :]}",
    )


def near_names(name: str) -> list[str]:
    """Return the names of the qualifiers that may have been meant, the likeliest first."""
    wanted = name.lower()
    if wanted in ALSO_CALLED:
        return [ALSO_CALLED[wanted]]
    near = difflib.get_close_matches(wanted, [*NAMES, *ALSO_CALLED], 3, 0.7)
    return list(dict.fromkeys(NAMES.get(other) or ALSO_CALLED[other] for other in near))[:2]


def refuse_wildcard(text: str, word: str, at: int) -> None:
    """Raise where a word has `*` anywhere but at its end."""
    inner = word.rstrip("*")
    star = inner.find("*")
    if star < 0:
        return
    where = "at the beginning of a word" if star == 0 else "in the middle of a word"
    value = word if not any(character in word for character in '()"') else in_quotes(word)
    raise QuerySyntaxError(
        f"* cannot stand {where}, only at its end; in names and keys it stands anywhere, as in name:{shown(word)}",
        column=at + star + 1,
        expected=("a word", "word*"),
        suggestion=replaced(text, at, word, f"name:{value}"),
    )


def empty(text: str, kind: QualifierKind, start: int, end: int) -> QuerySyntaxError:
    """Return what is said about a qualifier with nothing behind its colon."""
    typed, rest = text[start:end].rstrip('"“”„'), text[end:]
    message = f"nothing stands behind {typed}; write for example {kind.example}"
    suggestion = None
    if rest.startswith("(") and (alternatives := _alternatives(typed, rest)):
        many, length = alternatives
        message = f"{typed} takes one value; several are joined by OR"
        suggestion = f"{text[:start]}{many}{rest[length:]}"
    elif (after := NEXT.match(rest)) and after[1] not in OPERATORS:
        message = f"{typed} and its value stand together, without a space: {shown(typed + after[1])}"
        suggestion = f"{text[:start]}{typed}{rest[after.start(1) :]}"
    return QuerySyntaxError(
        message, column=end + 1, length=0, expected=(*kind.choices, kind.example), suggestion=suggestion
    )


def refuse_apart(text: str, kind: QualifierKind, typed: str, start: int, end: int) -> None:
    """Raise where a unit or a time of day stands apart from its value: `size:10 MB`, `modified:2024-01-15 10:00`."""
    if kind.form not in APART or not typed[-1:].isdigit() or not (apart := APART[kind.form].match(text, end)):
        return
    joined = f"{text[start:end]}{'T' if ':' in apart[1] else ''}{apart[1]}"
    raise QuerySyntaxError(
        f"this belongs to the {kind.form} before it, without a space: {shown(joined)}",
        column=apart.start(1) + 1,
        length=len(apart[1]),
        expected=(joined,),
        suggestion=f"{text[:start]}{joined}{text[apart.end() :]}",
    )


def refuse_list(text: str, kind: QualifierKind, token: str, typed: str, start: int) -> None:
    """Raise where values are joined by commas that have none in them: `ext:csv,tsv`."""
    values = [value for value in COMMA.split(typed) if value]
    comma = COMMA.search(typed)
    if kind.name not in NO_COMMAS or not comma or '"' in typed:
        return
    name = token[: len(token) - len(typed)]
    better = " OR ".join(f"{name}{value}" for value in values)
    raise QuerySyntaxError(
        f"{name} takes one value; several are joined by OR",
        column=start + 1 + len(name) + comma.start(),
        expected=(kind.example,),
        suggestion=replaced(text, start, token, f"({better})" if len(values) > 1 else better) if values else None,
    )


def _wrong_field(text: str, word: str, at: int, named: re.Match[str]) -> QuerySyntaxError:
    """What is said about `ext.x:csv`, and about `meta.a(b):c`, which the grammar does not take for a qualifier."""
    name, field, value = named.groups()
    if field == ".":
        message, better = f"a name is missing between {name}. and the colon", f"{name}:{value}"
    elif QUALIFIERS[NAMES[name.lower()]].fields:
        message = (
            f"a name with parentheses, quotes or comparisons in it stands in quotes, as in {name}.{in_quotes('a (b)')}:"
        )
        better = f"{name}.{in_quotes(field[1:])}:{value}"
    else:
        with_fields = " and ".join(f"{kind.name}:" for kind in QUALIFIERS.values() if kind.fields)
        message = f"{name}: has no fields, only {with_fields} have"
        better = f"{name}:{value}"
    return QuerySyntaxError(
        message,
        column=at + 1,
        length=len(name) + len(field),
        expected=(f"{name}:",),
        suggestion=replaced(text, at, word, better),
    )


def _nothing_behind(text: str, operator: Piece, found: Piece | None) -> QuerySyntaxError:
    there = f"{shown(found.text)} stands" if found else "the query ends"
    return QuerySyntaxError(
        f"{there} behind {operator.text}, which needs something there"
        f'; to search for the word itself write "{operator.text}"',
        column=operator.start + 1,
        length=len(operator.text),
        expected=PARTS,
        suggestion=_without(text, operator),
    )


def _never_closed(text: str, pieces: Sequence[Piece]) -> QuerySyntaxError:
    opened: list[Piece] = []
    for piece in pieces:
        if piece.type == "_OPEN":
            opened.append(piece)
        elif piece.type == "_CLOSE" and opened:
            opened.pop()
    last = pieces[-1].text
    quoted = pieces[-1].type in {"PHRASE", "QUALIFIER"} and last.count('"') % 2
    return QuerySyntaxError(
        "this parenthesis is never closed; if it belongs to a name, put the name in quotes",
        column=opened[-1].start + 1 if opened else len(text) + 1,
        expected=(")",),
        suggestion=text.rstrip() + ('"' if quoted else "") + ")" * len(opened) if opened else None,
    )


def _alternatives(name: str, rest: str) -> tuple[str, int] | None:
    """Return `ext:(csv OR tsv)` as `(ext:csv OR ext:tsv)`, and how long what it replaces is."""
    close = rest.find(")")
    inner = rest[1:close] if close > 0 else rest[1:]
    values = [value for value in re.split(r"[\s,|]+", inner) if value and value not in OPERATORS]
    if not values or any(character in inner for character in '("“„'):
        return None
    joined = " OR ".join(f"{name}{value}" for value in values)
    return (f"({joined})" if len(values) > 1 else joined), (close + 1 if close > 0 else len(rest))


def _without(text: str, piece: Piece) -> str:
    before, after = text[: piece.start].rstrip(), text[piece.start + len(piece.text) :].lstrip()
    space = " " if before and after and not before.endswith("(") and not after.startswith(")") else ""
    return f"{before}{space}{after}"


def replaced(text: str, at: int, word: str, better: str) -> str:
    """Return a query with another word in place of the one that stands there."""
    return f"{text[:at]}{better}{text[at + len(word) :]}"
