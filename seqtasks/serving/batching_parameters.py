"""How TF Serving puts requests together that arrive at the same time.

There is one file for the server, with its threads, and one in each export that may be batched. What may not: TF Serving
makes inputs of different lengths equal by repeating the request's first element, so an input with a time axis must come
with a `length` behind which the model ignores what stands there. The `tokens` signature of the taggers has none, and a
repeated word would be read; clips would get a margin besides. Without padding, requests of different lengths that meet
would be refused. So those exports are served without batching, and all their answers are right.

Requests of more rows than `MAX_BATCH_SIZE` are refused while batching is on. TF Serving could split them, but not where
outputs have a time axis: the parts would differ in length.
"""

import os

MODEL_BATCHING = "batching_params.pbtxt"  # where TF Serving looks for it in a SavedModel's folder
MAX_BATCH_SIZE = 1024  # not below the rows of a warm-up request, or the model is not loaded
BATCH_TIMEOUT_MICROS = 0  # nobody waits for others: batches are what came while the threads were busy
MAX_ENQUEUED_BATCHES = 100
LENGTH = "length"


def batching_parameters(threads: int | None = None) -> str:
    """Returns the server's batching parameters, a `BatchingParameters` message as text.

    Args:
        threads: Batches that run at the same time; by default the machine's processors.
    """
    threads = threads or os.cpu_count() or 1
    return _parameters(False) + f"num_batch_threads {{ value: {threads} }}\n"


def model_batching(signatures: dict) -> str | None:
    """Returns an export's own batching parameters, for the file `MODEL_BATCHING` in its folder.

    Args:
        signatures: Names and shapes of the inputs, as `seqtasks.serving.model_card.described_signatures` gives them.

    Returns:
        A `BatchingParameters` message as text, or None if batched requests could be answered wrongly.
    """
    padded = False
    for entry in signatures.values():
        free = [[axis for axis, size in enumerate(tensor["shape"]) if size is None] for tensor in entry["inputs"]]
        if any(axes not in ([0], [0, 1]) for axes in free):
            return None
        if [0, 1] in free:
            if not any(tensor["name"] == LENGTH for tensor in entry["inputs"]):
                return None
            padded = True
    return _parameters(padded)


def _parameters(padded: bool) -> str:
    values = {
        "max_batch_size": MAX_BATCH_SIZE,
        "batch_timeout_micros": BATCH_TIMEOUT_MICROS,
        "max_enqueued_batches": MAX_ENQUEUED_BATCHES,
    }
    lines = [f"{name} {{ value: {value} }}\n" for name, value in values.items()]
    return "".join(lines) + ("pad_variable_length_inputs: true\n" if padded else "")
