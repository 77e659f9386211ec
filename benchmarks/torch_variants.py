"""torch.nn's layers."""

import time

import numpy as np
import torch
from seqtasks.benchmarks.cases import Case

LAYERS = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "GRUResetAfter": torch.nn.GRU, "SimpleRNN": torch.nn.RNN}
_DEVICE = ["cpu"]


def start(threads: int, device: str) -> None:
    """Sets PyTorch up."""
    torch.set_num_threads(threads)
    if device == "gpu":
        if not torch.cuda.is_available():
            raise RuntimeError("PyTorch sees no GPU")
        _DEVICE[0] = "cuda"


def versions() -> dict:
    """Returns the library's version."""
    return {"torch": torch.__version__}


def peak(size: int, calls: int) -> float:
    """Returns the operations a second of a square product in float32."""
    matrix, times = torch.randn(size, size, device=_DEVICE[0]), []
    for _ in range(calls):
        started = time.perf_counter()
        (matrix @ matrix).sum().item()
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times)


def variants(case: Case) -> dict:
    """Returns what builds PyTorch's layer for a case, where it has one."""
    if case.layer not in LAYERS:
        return {}
    return {"torch": lambda: _build(case)}


def _build(case):
    inputs, upstream, lengths = case.numbers()
    device, dtype = _DEVICE[0], getattr(torch, case.precision)
    layer = LAYERS[case.layer](
        case.sizes[2], case.sizes[3], case.layers, batch_first=True, bidirectional=case.bidirectional
    ).to(device, dtype)
    inputs = torch.tensor(inputs, device=device, dtype=dtype)
    upstream = torch.tensor(upstream, device=device, dtype=dtype)
    lengths = None if lengths is None else torch.from_numpy(np.asarray(lengths))

    def run():
        if lengths is None:
            return layer(inputs)[0]
        packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        outputs = layer(packed)[0]
        return torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=inputs.shape[1])[0]

    def wait():
        if device == "cuda":
            torch.cuda.synchronize()

    if case.mode != "training":

        def infer():
            with torch.inference_mode():
                run()
            wait()

        return infer
    inputs.requires_grad_()
    sources = [inputs, *layer.parameters()]

    def train():
        torch.autograd.grad((run() * upstream).sum(), sources)
        wait()

    return train
