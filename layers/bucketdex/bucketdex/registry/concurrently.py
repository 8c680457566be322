"""The same work for many items on some threads, ending at the first failure or at Ctrl-C."""

import threading
from collections.abc import Callable, Iterable, Iterator

LOOK_SECONDS = 0.2  # how long a Ctrl-C may wait where a wait cannot be interrupted (Windows)


def each[Item](work: Callable[[Item], object], items: Iterable[Item], threads: int) -> None:
    """Do the work for each item; items are taken one at a time, so they may be made as they are needed.

    Returns when all is done. After a failure, or Ctrl-C, no further item is begun; those under way are finished, then
    the first error is raised.
    """
    crew = _Crew(work, iter(items))
    workers = [threading.Thread(target=crew.run, name=f"transfer-{number}", daemon=True) for number in range(threads)]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            while worker.is_alive():
                worker.join(LOOK_SECONDS)
    except BaseException:
        crew.stop.set()
        for worker in workers:
            if worker.ident is not None:  # it was started
                worker.join()
        raise
    if crew.errors:
        raise crew.errors[0]


class _Crew[Item]:
    def __init__(self, work: Callable[[Item], object], left: Iterator[Item]) -> None:
        self._work, self._left = work, left
        self._taking = threading.Lock()
        self.stop = threading.Event()
        self.errors: list[BaseException] = []

    def run(self) -> None:
        """Work until nothing is left, or something failed."""
        try:
            while not self.stop.is_set():
                with self._taking:
                    try:
                        item = next(self._left)
                    except StopIteration:
                        return
                self._work(item)
        except BaseException as error:  # noqa: BLE001, raised by who called
            self.errors.append(error)
            self.stop.set()
