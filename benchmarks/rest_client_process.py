"""The process that `rest_clients` starts; it imports nothing but Python's own.

python rest_client_process.py < request.json > answer.json
"""

import concurrent.futures
import http.client
import json
import sys
import threading
import time

TIMEOUT = 60


def main(port: int, path: str, body: str, clients: int, seconds: float, least: int) -> dict:
    """Runs the clients; see `rest_clients.run_clients`."""
    ready = threading.Barrier(clients + 1)

    def client() -> tuple[list[float], float, float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

        def post() -> None:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path} was answered with {answer.status}: {text[:300].decode(errors='replace')}")

        try:
            post()
        except BaseException:
            ready.abort()
            raise
        ready.wait(TIMEOUT)
        times, began = [], time.perf_counter()
        while len(times) < least or time.perf_counter() < began + seconds:
            started = time.perf_counter()
            post()
            times.append(time.perf_counter() - started)
        return times, began, time.perf_counter()

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client) for _ in range(clients)]
        try:
            ready.wait(TIMEOUT)
        except threading.BrokenBarrierError:  # the client that broke it tells why
            concurrent.futures.wait(running)
            reasons = [each.exception() for each in running]
            raise next(r for r in reasons if not isinstance(r, threading.BrokenBarrierError)) from None
        times, begins, ends = zip(*(each.result() for each in running), strict=True)
        return {"seconds": [value for one in times for value in one], "elapsed": max(ends) - min(begins)}


if __name__ == "__main__":
    print(json.dumps(main(**json.load(sys.stdin))))
