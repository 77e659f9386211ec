"""A process that runs one library's variants when told to: `python -m seqtasks.benchmarks.worker LIBRARY`.

It reads requests, one JSON object a line, and answers each with one. Everything a library prints goes to the standard
error, so that answers stand alone on the standard output.
"""

import importlib
import json
import os
import sys
import time

LIBRARIES = {
    "tensorflow": "seqtasks.benchmarks.tensorflow_variants",
    "torch": "seqtasks.benchmarks.torch_variants",
    "flax": "seqtasks.benchmarks.flax_variants",
}


class Server:
    """Answers requests.

    Args:
        library: A module with `start(threads, device)`, `versions()`, `prepare(case)` -> calls by variant, and
            `peak()`, or None.
    """

    def __init__(self, library):
        self.library, self.calls = library, {}

    def start(self, threads, device):
        """Starts the library; answers with its versions."""
        self.library.start(threads, device)
        return self.library.versions()

    def prepare(self, case):
        """Builds a case's variants and runs each once; answers with their names and what could not be built."""
        from seqtasks.benchmarks.cases import Case

        self.calls, failed = {}, {}
        for name, build in self.library.variants(Case(**case)).items():
            try:
                call = build()
                for _ in range(2):
                    call()
                self.calls[name] = call
            except Exception as error:  # what one library cannot do must not end the others' measurement
                failed[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        return {"ready": list(self.calls), "failed": failed}

    def run(self, variant, seconds, least=3):
        """Calls a variant for a while; answers with each call's seconds. The first call is not counted."""
        call, times = self.calls[variant], []
        call()
        end = time.perf_counter() + seconds
        while len(times) < least or time.perf_counter() < end:
            started = time.perf_counter()
            call()
            times.append(time.perf_counter() - started)
        return times

    def memory(self, variant):
        """Answers with the memory one call needs, in MiB."""
        from seqtasks.benchmarks.memory import growth

        return growth(self.calls[variant])

    def peak(self, size=2048, calls=10):
        """Answers with the operations a second of the library's matrix product."""
        return self.library.peak(size, calls)


def serve(server, requests, answers) -> None:
    """Answers each line of `requests` with a line of `answers`."""
    for line in requests:
        request = json.loads(line)
        try:
            answer = {"answer": getattr(server, request.pop("do"))(**request)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(Server(importlib.import_module(LIBRARIES[sys.argv[1]])), sys.stdin, answers)


if __name__ == "__main__":
    main()
