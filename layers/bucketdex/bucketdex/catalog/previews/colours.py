"""Syntax colours: lines of spans with the short classes of Pygments, told by the file's name."""

from collections.abc import Iterable, Mapping
from typing import Any

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.computing import OutOfTimeError, within
from bucketdex.catalog.previews.kinds import Line, Span

# Lexer of Pygments -> extensions. A table of our own: Pygments would import all its lexers to ask each for its names,
# and some look at the content. What is not here is shown plain.
LEXERS = {
    "bash": "bash sh zsh bashrc", "batch": "bat cmd", "bibtex": "bib", "c": "c h", "cmake": "cmake",
    "cpp": "cc cpp cxx hpp hh cu", "csharp": "cs", "css": "css scss", "cython": "pyx pxd", "diff": "diff patch",
    "docker": "dockerfile", "fortran": "f90 f95 f03", "go": "go", "groovy": "groovy gradle nf", "haskell": "hs",
    "html": "html htm xhtml vue", "ini": "ini cfg conf", "java": "java", "javascript": "js mjs jsx cjs",
    "json": "json geojson ipynb jsonl ndjson topojson", "julia": "jl", "kotlin": "kt", "lua": "lua",
    "make": "mk makefile", "matlab": "m", "perl": "pl pm", "php": "php", "powershell": "ps1",
    "properties": "properties env", "protobuf": "proto", "python": "py pyi py3 smk snakefile", "r": "r rprofile",
    "rst": "rst", "ruby": "rb", "rust": "rs", "scala": "scala",
    "sparql": "rq sparql", "splus": "s", "sql": "sql", "stan": "stan", "swift": "swift", "terraform": "tf hcl",
    "tex": "tex sty cls ltx", "toml": "toml lock", "turtle": "ttl n3", "typescript": "ts tsx", "markdown": "rmd qmd",
    "xml": "xml xsd xsl svg kml gpx gml owl rdf sbml nexml", "yaml": "yaml yml cff",
}  # fmt: skip
_BY_EXTENSION = {extension: lexer for lexer, extensions in LEXERS.items() for extension in extensions.split()}
# Pygments' names of languages, as notebooks and Markdown say them.
_ALIASES = {
    "ipython": "python", "ipython3": "python", "python3": "python", "py": "python", "console": "bash", "shell": "bash",
    "sh": "bash", "js": "javascript", "ts": "typescript", "yml": "yaml", "c++": "cpp", "golang": "go", "ir": "r",
    "dockerfile": "docker", "makefile": "make", "latex": "tex", "md": "markdown", "hcl": "terraform", "patch": "diff",
}  # fmt: skip


def language_of(name: str) -> str:
    """Return the language that a file's name tells, or "". `Dockerfile` and the like have their name for extension."""
    last = name.rpartition("/")[2].lower()
    return _BY_EXTENSION.get(last.rpartition(".")[2], "")


def language_called(name: str) -> str:
    """Return the language that somebody calls by a name, or "" where it is not coloured."""
    name = name.strip().lower()
    name = _ALIASES.get(name, name)
    return name if name in LEXERS else _BY_EXTENSION.get(name, "")


def coloured(text: str, language: str, most: int = bounds.COLOURED_CHARACTERS) -> tuple[Line, ...] | None:
    """Return the lines of text in colours; None where it is too long, takes too long, or has no known language."""
    if not language or len(text) > most:
        return None
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415, cold start
    from pygments.token import STANDARD_TYPES  # noqa: PLC0415

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
        with within(bounds.COMPUTING_SECONDS):
            return _lines((_css(token, STANDARD_TYPES), piece) for token, piece in lexer.get_tokens(text))
    except (OutOfTimeError, RecursionError):
        return None
    except Exception:  # noqa: BLE001  600 lexers of many people: none of their faults is worth a preview
        return None


def plain(text: str) -> tuple[Line, ...]:
    """Return the lines of text without colours."""
    return tuple((Span("", line),) if line else () for line in text.split("\n"))


def _css(token: Any, names: Mapping[Any, str]) -> str:
    """Return the short class of a token type, or of the nearest type above that has one. Whitespace has none."""
    while token not in names:
        token = token.parent
    css = names[token]
    return "" if css == "w" else css


def _lines(pieces: Iterable[tuple[str, str]]) -> tuple[Line, ...]:
    lines: list[Line] = []
    line: list[Span] = []
    spans = 0
    for told, piece in pieces:
        css = told if spans < bounds.COLOURED_SPANS else ""
        for at, part in enumerate(piece.split("\n")):
            if at:
                lines.append(tuple(line))
                line = []
            if not part:
                continue
            if line and line[-1].css == css:
                line[-1] = Span(css, line[-1].text + part)
            else:
                line.append(Span(css, part))
                spans += 1
    lines.append(tuple(line))
    return tuple(lines)
