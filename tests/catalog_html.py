"""Reading the catalog's HTML as a browser would, to tell what in it could do harm."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from bucketdex.catalog import assets

MARK = "xss-was-here"  # an element and an attribute that only injected HTML has
# Names and texts that try to become HTML, an attribute, an address or a script.
HOSTILE = (
    f"<{MARK}>",
    f"</title></p></a><{MARK}>",
    f'"><{MARK}>',
    f"' {MARK}=1 '",
    f'" {MARK}="1',
    f'"onmouseover="x" {MARK}="',
    "javascript:alert(1)",
    "//evil.example/x",
    f"&lt;{MARK}&gt;",
    f"{{{{ {MARK} }}}}{{% {MARK} %}}",
    f"]]><!--<{MARK}>",
    f"\x00<{MARK}>\x1b[31m\u202e",
    f"<mark><{MARK}></mark>",
    "../../etc/passwd",
)
DRAWN = frozenset(re.findall(r'<symbol id="(\w+)"', (assets.FOLDER / "icons.svg").read_text()))
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


class Read(HTMLParser):
    """The elements and the addresses of a page; `harm` is what must never be in one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.harm: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if tag == MARK or MARK in given:
            self.harm.append(f"injected: {tag} {given}")
        if tag in ("iframe", "object", "embed", "base", "style") or (tag == "script" and not given.get("src")):
            self.harm.append(f"not to be in a page: {tag} {given}")
        if tag == "use" and (given.get("href") or "").partition("#")[2] not in DRAWN:
            self.harm.append(f"an icon that nobody drew: {given}")
        for name, value in given.items():
            if name == "style" or name.startswith("on"):
                self.harm.append(f"inline: {tag} {name}={value}")
            if name in ("href", "src", "action", "formaction") and not _ours(value or ""):
                self.harm.append(f"leads elsewhere: {tag} {name}={value}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.harm.append(f"</{tag}> closes {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def addresses(html: str) -> Iterable[str]:
    """Return where the links of a page lead."""
    return [given["href"] or "" for tag, given in Read(html).elements if tag == "a" and "href" in given]


def _ours(address: str) -> bool:
    return (address.startswith("/") and not address.startswith("//")) or address.startswith("#")
