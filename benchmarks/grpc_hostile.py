"""Sends what no client should to a model's gRPC server, and counts the answers.

    python benchmarks/grpc_hostile.py EXPORT

EXPORT is a model's folder, `saved_models/ner`. The server runs in a process of its own. It gets valid requests that
were damaged byte by byte, requests made at random from the protobuf fields (other names, dtypes, shapes that claim more
than was sent), valid ones with odd values (texts that are not UTF-8, infinite numbers, no rows), and random bytes of up
to 1 MB in place of a message. The answers are counted by code. INTERNAL, UNKNOWN, an answer that does not come within
`--patience` seconds, a server that ends, or valid requests that are answered otherwise afterwards make the exit code 1.
"""

import argparse
import collections
import contextlib
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

from seqtasks.server.grpc_tensors import to_proto

PREDICTION, MODEL = "/tensorflow.serving.PredictionService/", "/tensorflow.serving.ModelService/"
METHODS = [PREDICTION + name for name in ("Predict", "GetModelMetadata", "Classify", "MultiInference")]
METHODS.append(MODEL + "GetModelStatus")
FAULTS = {"INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "UNAVAILABLE", "CANCELLED"}
WORDS = ["Ada", "lived", "in", "London", "Zürich", "東京", "", " ", "\0", "<b>", "x" * 300, "ACGT" * 50, "😀", "1e309"]
SIZES = [0, 0, 1, 1, 2, 3, 7, -1, 100_000, 2**31, 2**62, 2**63 - 1, -(2**63)]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 1e38, -1e38, float("inf"), -float("inf"), float("nan"), 1e-45]
MEGABYTE = 1 << 20
TIME_LIMIT = 30.0  # seconds a request may take in the server
SAMPLED_EVERY = 100  # requests between two looks at the server's memory


class Answer(NamedTuple):
    """What came of one request."""

    kind: str
    code: str
    details: str
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("export", type=Path, help="a model's folder, with its versions inside")
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=4, help="requests under way at once")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds after which an answer counts as a hang")
    parser.add_argument("--max-bytes", type=int, default=16 * MEGABYTE, help="size of the largest request")
    parser.add_argument("--longest-text", type=int, default=MEGABYTE, help="bytes of the longest text sent")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return serve(arguments.export, arguments.max_bytes)
    command = [sys.executable, __file__, str(arguments.export), "--serve", "--max-bytes", str(arguments.max_bytes)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip()
            if not port:
                raise SystemExit(f"the server did not start: exit code {server.wait()}")
            options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
            with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
                return attack(channel, server, arguments)
        finally:
            server.stdin.close()


def serve(export: Path, max_bytes: int) -> int:
    """Serves a model until standard input ends."""
    from seqtasks.server.batching import BatchingOptions
    from seqtasks.server.grpc_service import start_grpc
    from seqtasks.server.models import ModelManager, ModelSpec
    from seqtasks.server.predictor import Predictor

    manager = ModelManager([ModelSpec(export.resolve().name, export)], timeout_seconds=TIME_LIMIT)
    manager.start()
    predictor = Predictor(manager, BatchingOptions(), timeout=TIME_LIMIT)
    server, port = start_grpc(predictor, "127.0.0.1", 0, max_message_bytes=max_bytes)
    print(port, flush=True)
    sys.stdin.read()
    server.stop(1).wait()
    predictor.close()
    manager.close()
    return 0


def attack(channel, server, arguments) -> int:
    """Sends all requests and reports; returns the exit code."""
    name, chance = arguments.export.resolve().name, random.Random(arguments.seed)
    maker = RequestMaker(name, signatures_of(channel, name), chance, arguments.longest_text)
    probes = {key: maker.valid(key) for key in maker.signatures}
    before = {key: predict(channel, request, arguments.patience) for key, request in probes.items()}
    answers, memory, most, stop = [], [], [resident_kilobytes(server.pid)], threading.Event()
    watch = threading.Thread(target=watch_memory, args=(server, stop, most))
    watch.start()
    with ThreadPoolExecutor(arguments.clients) as pool:
        while len(answers) < arguments.requests and server.poll() is None:
            batch = [maker.hostile() for _ in range(min(SAMPLED_EVERY, arguments.requests - len(answers)))]
            answers += pool.map(lambda sent: send(channel, *sent, arguments.patience), batch)
            if server.poll() is None:
                memory.append(resident_kilobytes(server.pid))
    stop.set()
    watch.join()
    ended = server.poll()
    after = {} if ended is not None else {key: predict(channel, probes[key], arguments.patience) for key in probes}
    differing = [key for key in probes if after.get(key) != before[key]]
    report(answers, memory)
    print(f"                 at most {most[0] / 1024:.0f} MiB")
    faults = [answer for answer in answers if answer.code in FAULTS]
    for fault in faults[:10]:
        print(f"FAULT {fault.kind}: {fault.code} after {fault.seconds:.2f} s: {fault.details[:300]}")
    if ended is not None:
        print(f"FAULT the server ended with exit code {ended}")
    if differing:
        print(f"FAULT valid requests are answered otherwise than before: {', '.join(differing)}")
    return 1 if faults or differing or ended is not None else 0


def watch_memory(server, stop: threading.Event, most: list[int]) -> None:
    """Keeps the most memory that the server had, looking often, until it is told to stop."""
    while not stop.wait(0.02) and server.poll() is None:
        with contextlib.suppress(OSError, StopIteration):  # it ends just now
            most[0] = max(most[0], resident_kilobytes(server.pid))


def report(answers: list[Answer], memory: list[int]) -> None:
    """Prints the counts, the slowest answers, and how the server's memory went."""
    codes = sorted({answer.code for answer in answers})
    counts = collections.Counter((answer.kind, answer.code) for answer in answers)
    kinds = sorted({answer.kind for answer in answers})
    for kind in [*kinds, "all"]:
        row = [sum(counts[one, code] for one in (kinds if kind == "all" else [kind])) for code in codes]
        print(f"{kind:16} " + "  ".join(f"{code} {number}" for code, number in zip(codes, row, strict=True) if number))
    slowest = max(answers, key=lambda answer: answer.seconds)
    print(f"slowest answer   {slowest.seconds:.2f} s ({slowest.kind}, {slowest.code})")
    if not memory:
        return
    half = memory[len(memory) // 2 :]
    slope = np.polyfit(np.arange(len(half)), half, 1)[0] if len(half) > 1 else 0.0
    places = [round(share * (len(memory) - 1) / 10) for share in range(11)]
    print(f"server's memory  {' '.join(f'{memory[place] / 1024:.0f}' for place in places)} MiB from start to end,")
    print(f"                 {slope * 1000 / SAMPLED_EVERY:+.0f} KiB per 1,000 requests in the second half")


def send(channel, kind: str, method: str, data: bytes, patience: float) -> Answer:
    """Sends bytes as they are."""
    start = time.perf_counter()
    try:
        channel.unary_unary(method)(data, timeout=patience)
    except grpc.RpcError as error:
        return Answer(kind, error.code().name, error.details(), time.perf_counter() - start)
    return Answer(kind, "OK", "", time.perf_counter() - start)


def predict(channel, request, patience: float) -> str:
    """Returns a valid request's answer as text, to hold against a later one."""
    data = channel.unary_unary(PREDICTION + "Predict")(request.SerializeToString(), timeout=patience)
    outputs = predict_pb2.PredictResponse.FromString(data).outputs
    return repr({name: tf.make_ndarray(outputs[name]).tolist() for name in sorted(outputs)})


def signatures_of(channel, name: str) -> dict:
    """Returns a model's signatures by name."""
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = name
    data = channel.unary_unary(PREDICTION + "GetModelMetadata")(request.SerializeToString(), timeout=60)
    found = get_model_metadata_pb2.SignatureDefMap()
    get_model_metadata_pb2.GetModelMetadataResponse.FromString(data).metadata["signature_def"].Unpack(found)
    return {key: one for key, one in sorted(found.signature_def.items()) if one.inputs and not key.startswith("__")}


def resident_kilobytes(process: int) -> int:
    """Returns a process's memory in KiB (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


class RequestMaker:
    """Makes requests for a model, right and wrong.

    Args:
        name: The model's name.
        signatures: Its signatures by name.
        chance: Where randomness comes from.
        longest_text: Bytes of the longest text; such a text is rare.
    """

    def __init__(self, name: str, signatures: dict, chance: random.Random, longest_text: int):
        self.name, self.signatures, self.chance, self.longest_text = name, signatures, chance, longest_text

    def hostile(self) -> tuple[str, str, bytes]:
        """Returns a kind of request, the method it goes to and its bytes."""
        kind = self.chance.choice(["damaged", "made up", "made up", "odd values", "random bytes"])
        method = METHODS[0] if self.chance.random() < 0.9 else self.chance.choice(METHODS)
        if kind == "random bytes":
            return kind, method, self.chance.randbytes(int(MEGABYTE ** self.chance.random()))
        request = self.valid(self.chance.choice(list(self.signatures)), odd=kind == "odd values")
        if kind == "made up":
            self._make_up(request)
        data = request.SerializeToString()
        return kind, method, self._damage(data) if kind == "damaged" else data

    def valid(self, signature: str, odd: bool = False) -> predict_pb2.PredictRequest:
        """Returns a request whose names, types and shapes are right; its values may be odd."""
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = self.name, signature
        rows = self.chance.choice([0, 1, 2, 5, 5, 1000, 3000]) if odd else 2
        for name, info in sorted(self.signatures[signature].inputs.items()):
            sizes = [size.size if size.size >= 0 else self.chance.randint(0, 9) for size in info.tensor_shape.dim]
            shape = [rows, *sizes[1:]] if sizes else []
            request.inputs[name].CopyFrom(to_proto(self._values(tf.as_dtype(info.dtype), shape, odd)))
        return request

    def _values(self, dtype, shape, odd: bool) -> np.ndarray:
        count = int(np.prod(shape))
        if dtype == tf.string:
            items = [self._text() if odd else b"Ada lived in London ." for _ in range(min(count, 10))]
            # Many rows are a few texts over and over, or no message would hold them.
            items = (items * (count // 10 + 1))[:count]
            return np.array([*items, None], object)[:-1].reshape(shape)
        if dtype.is_floating:
            items = [self.chance.choice(NUMBERS) if odd else 0.5 for _ in range(count)]
        elif dtype.is_integer:
            extremes = [dtype.min, dtype.max, 0, 1, -1 if dtype.min < 0 else 2, 3]
            items = [self.chance.choice(extremes) if odd else 1 for _ in range(count)]
        else:
            items = [self.chance.random() < 0.5 for _ in range(count)]
        return np.array(items, dtype.as_numpy_dtype).reshape(shape)

    def _text(self) -> bytes:
        if self.chance.random() < 0.02:
            longest = self.chance.choice([self.longest_text // 100, self.longest_text])
            return (self.chance.choice(WORDS) * longest).encode()[:longest]
        if self.chance.random() < 0.3:
            return self.chance.randbytes(self.chance.randrange(200))
        return " ".join(self.chance.choices(WORDS, k=self.chance.randrange(12))).encode()

    def _make_up(self, request: predict_pb2.PredictRequest) -> None:
        """Puts something else into some fields of a request."""
        chance, spec = self.chance, request.model_spec
        for name in list(request.inputs):
            if chance.random() < 0.6:
                request.inputs[name].CopyFrom(self._tensor())
            if chance.random() < 0.1:
                del request.inputs[name]
        for _ in range(chance.choice([0, 0, 0, 1, 50])):
            request.inputs[self._word()].CopyFrom(self._tensor())
        if chance.random() < 0.1:
            spec.name = self._word()
        if chance.random() < 0.1:
            spec.signature_name = self._word()
        if chance.random() < 0.1:
            spec.version.value = chance.choice([*SIZES, 1])
        elif chance.random() < 0.1:
            spec.version_label = self._word()
        if chance.random() < 0.1:
            request.output_filter.extend(self._word() for _ in range(chance.choice([1, 2, 10_000])))

    def _word(self) -> str:
        return self.chance.choice(WORDS) * self.chance.choice([1, 1, 1, 1000])

    def _tensor(self) -> tensor_pb2.TensorProto:
        """Returns a tensor whose parts need not fit together."""
        chance = self.chance
        proto = tensor_pb2.TensorProto(dtype=chance.choice([*types_pb2.DataType.values(), 1, 3, 7, 9, 7, 7, 1000, -1]))
        for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 300])):
            proto.tensor_shape.dim.add(size=chance.choice(SIZES))
        proto.tensor_shape.unknown_rank = chance.random() < 0.05
        count = chance.choice([0, 1, 1, 2, 3, 1000])
        proto.float_val.extend(chance.choices(NUMBERS, k=count))
        proto.string_val.extend(self._text() for _ in range(min(count, 3)))
        for field, bits in (("int_val", 31), ("half_val", 31), ("int64_val", 63)):
            getattr(proto, field).extend(chance.choice([0, 1, -(1 << bits), (1 << bits) - 1]) for _ in range(count))
        if chance.random() < 0.3:
            proto.tensor_content = chance.randbytes(chance.choice([1, 4, 8, 24, 1000]))
        return proto

    def _damage(self, data: bytes) -> bytes:
        """Changes, drops, repeats or inserts bytes."""
        chance, damaged = self.chance, bytearray(data)
        for _ in range(chance.choice([1, 1, 2, 4, 16])):
            place = chance.randrange(len(damaged) + 1)
            end = place + chance.choice([1, 1, 2, 8])
            damaged[place:end] = chance.choice([b"", chance.randbytes(1), chance.randbytes(8), damaged[place:end] * 3])
        return bytes(damaged)


if __name__ == "__main__":
    sys.exit(main())
