"""Markdown to HTML that is safe in a page: no HTML of its author, no foreign images, links that the caller makes.

markdown-it is told not to pass HTML through, and nh3 (ammonia) sanitises what comes out, so that a fault in one of the
two harms nobody. Both are imported when they are first used.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup, escape

from bucketdex.catalog.previews import bounds
from bucketdex.catalog.previews.colours import coloured, language_called
from bucketdex.catalog.previews.computing import OutOfTimeError, within
from bucketdex.catalog.previews.kinds import Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# A target as it is written, and whether it is an image -> its address in the catalog, or None: shown without link.
type Links = Callable[[str, bool], str | None]


class Place(msgspec.Struct, frozen=True):
    """Where a document is shown: what its links lead to, and what tells its headings from those of others there."""

    links: Links | None = None
    document: str = ""


TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "dl", "dt", "em", "h1", "h2", "h3", "h4",
    "h5", "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var", "div",
}  # fmt: skip
DROPPED = {"script", "style", "template", "iframe", "object", "embed", "noscript", "svg", "math", "title", "textarea"}
ATTRIBUTES = {
    "a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"},
    "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"},
}  # fmt: skip
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
ALIGNED = {"text-align:left": "left", "text-align:right": "right", "text-align:center": "center"}
OUTSIDE = re.compile(r"(?i)(?:https?:)?//|mailto:")
SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
CODE_CHARACTERS = 20_000  # coloured in one fence
ANCHOR = "doc-"  # before ids of headings: they must not hide names of the page's own


class Anchors:
    """Makes the ids of the headings of one document, which may be rendered in parts, such as a notebook's cells.

    Where a page shows several documents each has a `document` of its own, with a sign that no heading gives: `2.`.
    """

    def __init__(self, document: str = "") -> None:
        self.prefix = ANCHOR + document
        self._names: set[str] = set()
        self._next: dict[str, int] = {}

    def named(self, words: str) -> str:
        """Return the id of a heading, made as GitHub makes it, so that links within a file find it."""
        slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")[:100]
        for number in itertools.count(self._next.get(slug, 0)):
            name = f"{slug}-{number}" if number else slug
            if name not in self._names:
                break
        self._next[slug] = number + 1
        self._names.add(name)
        return self.prefix + name


def to_html(text: str, links: Links | None = None, level: int = 3, document: str = "") -> Markup:
    """Return Markdown as HTML, its headings from `level` on; as it was written where rendering takes too long."""
    html = rendered(text, links, level, Anchors(document))
    return Markup("<pre>{}</pre>").format(text[: bounds.MARKDOWN_CHARACTERS]) if html is None else html


def rendered(text: str, links: Links | None = None, level: int = 3, anchors: Anchors | None = None) -> Markup | None:
    """Return Markdown as HTML; None where that takes too long or makes too much of it."""
    text = text[: bounds.MARKDOWN_CHARACTERS]
    try:
        with within(bounds.COMPUTING_SECONDS):
            html = _html(text, links or _no_link, level, anchors or Anchors())
    except (OutOfTimeError, RecursionError):
        return None
    return sanitised(html, ours=True) if len(html) <= bounds.MARKDOWN_HTML else None


def sanitised(html: str, *, ours: bool = False) -> Markup:
    """Return HTML without what could run, load or look like the page. `ours`: classes and ids that we set may stay."""
    import nh3  # noqa: PLC0415, cold start

    attributes = {tag: set(names) for tag, names in ATTRIBUTES.items()}
    classes: dict[str, set[str]] = {}
    if ours:
        attributes |= {heading: {"id"} for heading in HEADINGS} | {"pre": {"tabindex"}, "table": {"tabindex"}}
        classes = {"span": _colours(), "td": {"left", "right", "center"}, "th": {"left", "right", "center"}}
        classes["a"] = {"foreign-image"}
    else:
        attributes["img"] = {"alt", "title"}  # whatever it would load is not ours
    clean = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=attributes,
        allowed_classes=classes,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    # The corner of a table that pandas prints: a header of nothing is none.
    return Markup(clean.replace("<th></th>", "<td></td>"))  # noqa: S704, this is what nh3 is for


def _no_link(_target: str, _image: bool) -> str | None:
    return None


def _colours() -> set[str]:
    from pygments.token import STANDARD_TYPES  # noqa: PLC0415, cold start

    return {css for css in STANDARD_TYPES.values() if css}


def _html(text: str, links: Links, level: int, anchors: Anchors) -> str:
    parser = _parser()
    tokens = parser.parse(text)
    _rework(tokens, links, level, anchors)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415, cold start

    parser = MarkdownIt("commonmark", {"html": False, "highlight": _fence}).enable(["table", "strikethrough"])
    # Only what a browser could run is refused here; the rest is rewritten below, and data: images with it.
    parser.validateLink = _may_be_link  # type: ignore[method-assign]
    return parser


def _may_be_link(url: str) -> bool:
    scheme = SCHEME.match(url.strip())
    return scheme is None or scheme[0].lower() in ("http:", "https:", "mailto:", "s3:")


def _fence(code: str, language: str, _attributes: str) -> str:
    lines = coloured(code, language_called(language), CODE_CHARACTERS)
    shown = str(escape(code)) if lines is None else "\n".join("".join(map(_span, line)) for line in lines)
    return f'<pre tabindex="0"><code>{shown}</code></pre>'


def _span(it: Span) -> str:
    return f'<span class="{it.css}">{escape(it.text)}</span>' if it.css else str(escape(it.text))


def _rework(tokens: list["Token"], links: Links, level: int, anchors: Anchors) -> None:
    # The levels that are used follow each other, whatever the file begins with or leaves out.
    used = sorted({token.tag for token in tokens if token.type == "heading_open"})
    for at, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, used.index(token.tag) + level)}"
            if token.type == "heading_open":
                token.attrSet("id", anchors.named(_words(tokens[at + 1])))
        elif token.type in ("table_open", "code_block"):  # what may have to be scrolled is reached by keyboard
            token.attrSet("tabindex", "0")
        elif token.type in ("th_open", "td_open"):
            style = token.attrs.pop("style", None)
            if style in ALIGNED:
                token.attrSet("class", ALIGNED[str(style)])
        elif token.type == "inline" and token.children:
            token.children = list(_links_made(token.children, links, anchors.prefix))


def _words(inline: "Token") -> str:
    return "".join(it.content for it in inline.children or () if it.type in ("text", "code_inline"))


def _links_made(tokens: Iterable["Token"], links: Links, anchor: str) -> Iterator["Token"]:
    """Yield the tokens of a line with their links replaced; what has no address stays as its text."""
    open_links: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            made = _address(str(token.attrs.get("href", "")), links, anchor)
            open_links.append(made is not None)
            if made is None:
                continue
            token.attrSet("href", made)
        elif token.type == "link_close":
            if not open_links or not open_links.pop():
                continue
        elif token.type == "image":
            yield from _image(token, links, linked=any(open_links))
            continue
        yield token


def _address(target: str, links: Links, anchor: str) -> str | None:
    if target.startswith("#"):
        return f"#{anchor}{target[1:].lower()}" if len(target) > 1 else None
    if OUTSIDE.match(target):
        return None if target.startswith("//") else target
    return links(target, False) if target else None


def _image(token: "Token", links: Links, *, linked: bool) -> Iterator["Token"]:
    """Yield an image of the catalog, else a link to it (none inside of a link), else its description."""
    target = str(token.attrs.get("src", ""))
    outside = OUTSIDE.match(target)
    made = None if outside or not target or target.startswith("#") else links(target, True)
    if made is not None:
        token.attrSet("src", made)
        yield token
        return
    label = token.content or target.rpartition("/")[2] or "image"
    text = _token("text", "", 0, content=f"[image: {label}]")
    if not outside or linked or target.startswith("//"):
        yield text
        return
    yield _token("link_open", "a", 1, attrs={"href": target, "class": "foreign-image"})
    yield text
    yield _token("link_close", "a", -1)


def _token(form: str, tag: str, nesting: int, **more: Any) -> "Token":
    from markdown_it.token import Token  # noqa: PLC0415, cold start

    return Token(form, tag, nesting, **more)  # type: ignore[arg-type]
