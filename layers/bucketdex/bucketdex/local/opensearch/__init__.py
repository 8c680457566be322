"""A real OpenSearch on the loopback interface: assembled once from Maven artifacts, without Docker or installed Java.

>>> server = assemble()
>>> process = guard.start(command(server, state / "opensearch", 9200), state / "opensearch.log")
>>> wait_until_usable(lambda: process.poll() is None, "http://127.0.0.1:9200")
"""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from rich.progress import Progress

from bucketdex.local.opensearch.java import find_java
from bucketdex.local.opensearch.parts import ARTIFACTS, MODULES, PARTS, VERSION, descriptor

START_LIMIT = 120  # seconds; far above the usual 5-15, for a busy machine or a long translog
LOCALES = "locale"  # folder in the assembled server with the jars that a Java with few locales needs

SETTINGS = {
    "cluster.name": "bucketdex-local",
    "node.name": "local",
    "discovery.type": "single-node",
    "network.host": "127.0.0.1",
    "transport.port": "0",  # any free one: nobody else joins
    "action.auto_create_index": "false",  # a missing mapping is an error, not a guess
    "cluster.routing.allocation.disk.threshold_enabled": "false",  # a nearly full disk blocks no index
}

# Small and quick to start: 350 MB resident. Only the first compiler starts faster; for throughput set
# BUCKETDEX_OPENSEARCH_JAVA_OPTS="-XX:TieredStopAtLevel=4 -Xms2g -Xmx2g", which comes later and so wins.
JVM_OPTIONS = """
-Xms512m -Xmx512m -Xss1m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED
-Djava.locale.providers=SPI,CLDR -Djna.nosys=true -Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true
-Dio.netty.noUnsafe=true -Dio.netty.noKeySetOptimization=true -Dio.netty.recycler.maxCapacityPerThread=0
-Dio.netty.allocator.numDirectArenas=0 -Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1
"""

# The distribution's own configuration writes each line into a file too; whoever starts us keeps what we print. What it
# says of a small, unprotected server on one machine is known.
LOGGING = """
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.node.name = org.opensearch.node
logger.node.level = info
logger.natives.name = org.opensearch.bootstrap.Natives
logger.natives.level = error
logger.checks.name = org.opensearch.bootstrap.BootstrapChecks
logger.checks.level = error
"""


class OpenSearchError(Exception):
    """OpenSearch could not be assembled or started; the message says what to do."""


def cache_folder() -> Path:
    """Return the folder that all stacks share: `$BUCKETDEX_CACHE` or `~/.cache/bucketdex`."""
    return Path(os.environ.get("BUCKETDEX_CACHE") or Path.home() / ".cache" / "bucketdex").absolute()


def assemble(progress: Progress | None = None) -> Path:
    """Return the folder of the assembled server in the cache, made (and downloaded, with bars in `progress`) if absent.

    Nothing is written into it later, so any number of stacks can run from it. Two processes may come at once, and an
    interrupted run does no harm: the folder gets its name when it is complete.
    """
    cache = cache_folder()
    state = hashlib.sha256(f"{ARTIFACTS} {MODULES}".encode()).hexdigest()[:8]
    server = cache / f"opensearch-{VERSION}-{state}"
    if server.exists():
        return server
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / "opensearch.lock", progress):
            if not server.exists():  # else another process was quicker
                _assemble(server, cache / "downloads", progress)
    except OSError as error:
        raise OpenSearchError(f"OpenSearch cannot be put into {cache}: {error}; BUCKETDEX_CACHE moves it") from error
    return server


def command(server: Path, data: Path, port: int, addresses: tuple[str, ...] = ("127.0.0.1",)) -> list[str]:
    """Return the command that runs the assembled `server` on `port`, with all that it writes under the folder `data`.

    `data` is made if absent and belongs to one server at a time: `indexes/`, `config/`, `logs/` and `tmp/` are in it.
    HTTP is answered on `addresses`; the port for nodes among each other is a free one on the loopback interface. A port
    that is taken ends the server with a message of its own.
    """
    java = find_java()
    if java is None:
        raise OpenSearchError("no Java 21 or newer was found; set OPENSEARCH_JAVA_HOME to one")
    _prepare(data)
    # Of the security agent only the classes are used: it stays off, as the modules' jars lack their policy files.
    jars = [f"{server}/lib/*", f"{server}/agent/*"]
    if not java.has_all_locales:  # every index would fail: "This JRE does not have support for Thai segmentation"
        jars.append(f"{server}/{LOCALES}/*")
    # OpenSearch refuses to run as root, which it learns through JNA; without JNA it cannot tell.
    root = ["-Djna.nounpack=true"] if os.geteuid() == 0 else []
    paths = {"path.data": f"{data}/indexes", "path.logs": f"{data}/logs"}
    settings = SETTINGS | paths | {"http.host": ",".join(addresses), "http.port": str(port)}
    return [
        str(java.executable),
        *JVM_OPTIONS.split(),
        *root,
        f"-Djava.io.tmpdir={data / 'tmp'}",
        f"-XX:ErrorFile={data}/logs/java-%p.log",
        f"-Dopensearch.path.home={server}",
        f"-Dopensearch.path.conf={data}/config",
        "-Dopensearch.distribution.type=zip",
        "-Dopensearch.bundled_jdk=false",
        *os.environ.get("BUCKETDEX_OPENSEARCH_JAVA_OPTS", "").split(),
        "-cp",
        os.pathsep.join(jars),
        "org.opensearch.bootstrap.OpenSearch",
        *(f"-E{name}={value}" for name, value in settings.items()),
    ]


def wait_until_usable(
    process_alive: Callable[[], bool], url: str, timeout: float = START_LIMIT, log: Path | None = None
) -> None:
    """Return once the cluster at `url` is yellow or green; raise OpenSearchError when the process ends or time is up.

    The error shows the end of `log`, less the stack frames.
    """
    deadline = time.monotonic() + timeout
    while alive := process_alive():
        if health(url) in ("green", "yellow"):
            return
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    problem = f"was not usable after {timeout:.0f} s" if alive else "ended by itself"
    raise OpenSearchError("\n".join([f"OpenSearch at {url} {problem}", *(_last_lines(log) if log else [])]))


def health(url: str) -> str | None:
    """Return green, yellow or red, or None while nobody answers at `url`."""
    client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    with contextlib.closing(client), contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        client.request("GET", "/_cluster/health")
        status = json.load(client.getresponse()).get("status")
        return status if isinstance(status, str) else None
    return None


def _assemble(server: Path, downloads: Path, progress: Progress | None) -> None:
    from bucketdex.local.opensearch.downloads import DownloadError, download_all  # noqa: PLC0415 (0.3 s, needed once)

    try:
        files = download_all(PARTS, downloads, progress)
    except DownloadError as error:
        raise OpenSearchError(str(error)) from error
    draft = server.with_name(f"opensearch-{VERSION}")  # as the zip names it
    shutil.rmtree(draft, ignore_errors=True)
    (archive,) = (file for part, file in files.items() if part.place == "server")
    with zipfile.ZipFile(archive) as distribution:
        distribution.extractall(draft.parent)
    for name, module in MODULES.items():
        folder = draft / "modules" / name
        folder.mkdir()
        (folder / "plugin-descriptor.properties").write_text(descriptor(name, module))
    (draft / LOCALES).mkdir()
    for part, file in files.items():
        if part.place != "server":
            shutil.copy(file, draft / LOCALES if part.place == LOCALES else draft / "modules" / part.place)
    draft.rename(server)
    shutil.rmtree(downloads, ignore_errors=True)


def _prepare(data: Path) -> None:
    """Make the folders of a server, with a configuration of its own: OpenSearch writes its keystore there."""
    for name in ("indexes", "config", "logs", "tmp"):
        (data / name).mkdir(parents=True, exist_ok=True)
    (data / "config" / "opensearch.yml").write_text("# all settings are on the command line\n")
    (data / "config" / "log4j2.properties").write_text(LOGGING)


@contextlib.contextmanager
def _locked(path: Path, progress: Progress | None) -> Iterator[None]:
    """Hold the lock of `path`, which the system gives back also when we are killed."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if progress:
                progress.console.print("Another process is getting OpenSearch; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _last_lines(log: Path, count: int = 20) -> list[str]:
    lines = log.read_text(errors="replace").splitlines()
    return [line[:300] for line in lines if not line.lstrip().startswith(("at ", "... "))][-count:]
