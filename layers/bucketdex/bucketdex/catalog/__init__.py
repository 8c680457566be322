"""The web catalog: pages rendered on the server, which work without JavaScript.

How a page is added:

1. A line in `routing.ROUTES`: its pattern and its module, `("/b/{bucket}/object/{key...}", "object")`. `{name}` is one
   part of the path, `{name...}` the rest of it, slashes included; both arrive decoded.
2. A function in `links.py` that makes its address. No template and no page puts an address together by itself.
3. `pages/object.py` with `def page(request: Request, edges: Edges, bucket: str, key: str) -> Page | Answer`. It takes
   what it needs from the edges, calls the domain, and returns `Page("object.html", {"title": ..., ...})`. What the
   template shows is made by pure functions, which need no edges to be tested. `raise NotFound("there is no ...")` is a
   404; `Permanent` and `Transient` become pages as well.
4. `templates/object.html`, which begins

       {% extends "base.html" %}
       {% import "ui.html" as ui with context %}
       {% block main %} ... {% endblock %}

   and is made of the macros of `ui.html`: `icon`, `crumbs`, `head`, `badge`, `kind`, `alert`, `empty`, `panel` (call),
   `facts` (key-value list), `code` (with a copy button), `pager`, `bytes`, `when`, `bar`. Everything is escaped;
   `|safe` is not used, and there are no `style` or `on...` attributes: the policy of `security.py` forbids them. In
   templates there are `links`, `static(name)`, `now`, and the filters `number`, `size`, `ago`, `day`, `visible` (for
   names that anybody chose), `marked` (for highlights), `plural`.
5. A script only makes better what works without it; it stands in `static/*.js` and is found by `data-` attributes.
   `data-copy="text"` on a button copies; `data-swap` on a container replaces `<main>` instead of loading its links.

`edges.viewer` is who asks: give it to every function of `searching`. A bucket that is not in `edges.viewer.buckets`
does not exist for them: `edges.bucket(name)` raises `NotFound`.
"""
