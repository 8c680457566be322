"""The names of the columns of a table, from the line at the head of its text that names them."""

import csv
from itertools import islice

DELIMITERS = {
    ".csv": ",;\t|",
    ".tsv": "\t",
    ".tab": "\t",
}  # the one that cuts the line most often
MOST_COLUMNS, LONGEST_NAME = 500, 200  # characters
LONGEST_LINE = 65_536  # characters: the whole excerpt
MOST_LINES = 50  # of comments before it


def columns(extension: str, text: str) -> tuple[str, ...]:
    """Return the column names of a table whose `text` is given from its beginning; none, where it has no such line.

    A line of numbers alone is no header, and comments (`#`) before it are passed over. Of text that was cut off within
    the header, the name that was cut off may be the last one.
    """
    delimiters = DELIMITERS.get(extension)
    if delimiters is None:
        return ()
    head = _header(text)
    delimiter = max(delimiters, key=head.count)
    try:
        cells = next(csv.reader([head], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a cell of more than 128 kB
        return ()
    names = [cell.strip()[:LONGEST_NAME] for cell in cells[:MOST_COLUMNS]]
    if all(_is_number(name) for name in names):
        return ()
    return tuple(dict.fromkeys(name for name in names if name))


def _header(text: str) -> str:
    lines = (line for line in islice(text[:LONGEST_LINE].splitlines(), MOST_LINES) if line.strip())
    return next((line for line in lines if not line.startswith("#")), "")


def _is_number(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True
