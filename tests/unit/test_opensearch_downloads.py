"""The parts of OpenSearch are downloaded whole or not at all."""

import functools
import hashlib
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.progress import Progress

from bucketdex.local.opensearch.downloads import DownloadError, download_all
from bucketdex.local.opensearch.parts import MODULES, PARTS, Part, descriptor

BIG = Part("server", "org.example", "1.0", "big")
SMALL = Part("reindex", "org.example", "1.0", "small")
CONTENT = {BIG: b"z" * 1_500_000, SMALL: b"jar"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def file_of(root, part):
    return root / "org" / "example" / part.artifact / "1.0" / f"{part.artifact}-1.0.{part.packaging}"


def publish(root, part, content, digest=None):
    file = file_of(root, part)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.with_name(f"{file.name}.sha1").write_text(digest or hashlib.sha1(content).hexdigest())


@pytest.fixture
def registry(tmp_path):
    """Return the folder of a registry, and what to call it by."""
    root = tmp_path / "registry"
    for part, content in CONTENT.items():
        publish(root, part, content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield root, {"test": f"http://127.0.0.1:{server.server_port}"}
    server.shutdown()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "downloads"


def test_every_part_is_downloaded_with_a_bar_for_the_big_ones(registry, folder):
    with Progress(disable=True) as progress:
        files = download_all(CONTENT, folder, progress, registry[1])
        assert [(task.description, task.finished) for task in progress.tasks] == [
            ("parts of OpenSearch", True),
            ("big-1.0.zip", True),
        ]
    assert {part: file.read_bytes() for part, file in files.items()} == CONTENT


def test_what_is_there_is_not_downloaded_again(registry, folder):
    root, registries = registry
    download_all(CONTENT, folder, registries=registries)
    file_of(root, SMALL).unlink()
    assert download_all([SMALL], folder, registries=registries)[SMALL].read_bytes() == b"jar"


def test_the_half_file_of_an_interrupted_run_is_downloaded_again(registry, folder):
    publish(folder, BIG, CONTENT[BIG][:1000], digest=hashlib.sha1(CONTENT[BIG]).hexdigest())
    assert download_all([BIG], folder, registries=registry[1])[BIG].read_bytes() == CONTENT[BIG]


def test_a_file_that_is_not_what_the_registry_says_is_refused_and_removed(registry, folder):
    root, registries = registry
    publish(root, SMALL, b"other", digest="0" * 40)
    with pytest.raises(DownloadError, match=r"org.example:small.*SHA-1.*try again"):
        download_all([SMALL], folder, registries=registries)
    assert not file_of(folder, SMALL).exists()


def test_a_download_that_fails_says_what_to_do(folder):
    with pytest.raises(DownloadError, match=r"(?s)org.example:small.*cannot be downloaded.*network"):
        download_all([SMALL], folder, registries={"test": "http://127.0.0.1:9"})


def test_every_module_has_parts_and_a_descriptor_with_its_class():
    assert {part.place for part in PARTS} == {"server", "locale", *MODULES}
    for name, module in MODULES.items():
        assert f"classname={module.class_name}\n" in descriptor(name, module)
