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

    def client() -> list[float]:
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
        times, end = [], time.perf_counter() + seconds
        while len(times) < least or time.perf_counter() < end:
            started = time.perf_counter()
            post()
            times.append(time.perf_counter() - started)
        return times

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client) for _ in range(clients)]
        try:
            ready.wait(TIMEOUT)
        except threading.BrokenBarrierError:  # the client that broke it tells why
            concurrent.futures.wait(running)
            reasons = [each.exception() for each in running]
            raise next(r for r in reasons if not isinstance(r, threading.BrokenBarrierError)) from None
        started = time.perf_counter()
        times = [seconds for each in running for seconds in each.result()]
        return {"seconds": times, "elapsed": time.perf_counter() - started}


if __name__ == "__main__":
    print(json.dumps(main(**json.load(sys.stdin))))
