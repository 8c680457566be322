"""What a browser may do with a page: nothing but to show it, with our own style, scripts and images."""

from collections.abc import Iterable

# Scripts add to a page and never make HTML out of text: no part of the page can be reached by what a user wrote.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
# Bytes that others wrote, when they are opened by themselves: they run nothing, load nothing, and are of no origin.
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def page_headers(image_origins: Iterable[str] = ()) -> dict[str, str]:
    """Return the headers of a page; `image_origins` are the other places that its images come from."""
    images = " ".join((POLICY["img-src"], *image_origins))
    policy = POLICY | {"img-src": images}
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Permissions-Policy": FEATURES,
        "Cross-Origin-Opener-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        **bytes_headers(),
    }


def bytes_headers() -> dict[str, str]:
    """Return the headers of everything: a type is not guessed, and other sites are not told where one came from."""
    return {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def raw_headers() -> dict[str, str]:
    """Return the headers of what others wrote."""
    return {"Content-Security-Policy": SANDBOX, **bytes_headers()}
