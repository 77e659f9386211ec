"""A language model's answers: texts that go on from prompts, and the probability of texts."""

from collections.abc import Callable, Sequence

from seqtasks.errors import UsageError
from seqtasks.ranges import Range
from seqtasks.serving.rows import checked, decoded, encoded, run_in_batches
from seqtasks.serving.text_inputs import TextInputs

_INTEGERS = 2**31 - 1
_RANGES = {
    "temperature": Range(least=0),
    "top_k": Range(least=0, most=_INTEGERS),
    "top_p": Range(least=0, most=1),
    "max_length": Range(least=0, most=100_000),
    "seed": Range(least=-_INTEGERS, most=_INTEGERS),
}


class LanguagePredictor:
    """Writes and scores texts with the signatures of a model, in memory or exported: the same functions either way.

    Args:
        signatures: `serving_default` and `score`, see `seqtasks.serving.signatures`.
        owner: What holds the signatures' variables, if they do not.
    """

    raw = TextInputs()
    """Reads what is given."""

    def __init__(self, signatures: dict[str, Callable[..., dict]], owner=None):
        self._signatures, self._owner = signatures, owner

    def predict(self, prompts: Sequence[str]) -> list[dict]:
        """Goes on from each prompt as the model would by itself; see `generate`."""
        return self.generate(prompts)

    def generate(
        self,
        prompts: Sequence[str],
        *,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        max_length: int = 50,
        seed: int = 0,
    ) -> list[dict]:
        """Goes on from each prompt.

        Args:
            prompts: Beginnings of texts, each a str; `""` begins anew.
            temperature: Below 1 likelier texts, above 1 more surprising ones; 0 always the likeliest symbol.
            top_k: Draw from so many likeliest symbols; 0 for all.
            top_p: Draw from the fewest likeliest symbols whose probabilities sum to it; 1 for all.
            max_length: The most symbols to add.
            seed: Of the first prompt's random numbers; the next one's is one higher, and so on.

        Returns:
            One dictionary a prompt, in their order: `prompt`; `text`, the prompt and what follows; `log_probability`
            of what follows; `finished`, whether the model ended it.

        Raises:
            UsageError: For a number out of range.
        """
        prompts = checked(prompts, str, "prompts, each a str")
        wishes = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "max_length": max_length, "seed": seed}
        for name, value in wishes.items():
            if value not in _RANGES[name]:
                raise UsageError(f"{name} must be {_RANGES[name]}. Received: {value!r}")
            if name in ("top_k", "max_length", "seed") and int(value) != value:
                raise UsageError(f"{name} must be a whole number. Received: {value!r}")
        rows = [encoded(prompt) for prompt in prompts]
        arguments = {name: [value] * len(rows) for name, value in wishes.items()}
        arguments |= {name: [float(wishes[name])] * len(rows) for name in ("temperature", "top_p")}
        # Past the largest integer they begin anew below.
        arguments["seed"] = [(seed + i + 2**31) % 2**32 - 2**31 for i in range(len(rows))]
        answers = run_in_batches(self._signatures["serving_default"], {"prompt": rows, **arguments}, [*map(len, rows)])
        return [
            {
                "prompt": prompt,
                "text": decoded(answer["text"]),
                "log_probability": float(answer["log_probability"]),
                "finished": bool(answer["finished"]),
            }
            for prompt, answer in zip(prompts, answers, strict=True)
        ]

    def score(self, texts: Sequence[str]) -> list[dict]:
        """Returns how likely texts are.

        Args:
            texts: The texts, each a str.

        Returns:
            One dictionary a text, in their order: `text`, `log_probability`, `perplexity` of a symbol, `length` in
            symbols predicted, `<EOS>` among them where the model ends texts; and each symbol in `tokens` with its
            `log_probabilities`.
        """
        texts = checked(texts, str, "texts, each a str")
        rows = [encoded(text) for text in texts]
        answers = run_in_batches(self._signatures["score"], {"text": rows}, [*map(len, rows)])
        return [
            {
                "text": text,
                "log_probability": float(answer["log_probability"]),
                "perplexity": float(answer["perplexity"]),
                "length": int(answer["length"]),
                "tokens": [decoded(token) for token in answer["tokens"][: answer["length"]]],
                "log_probabilities": answer["log_probabilities"][: answer["length"]].tolist(),
            }
            for text, answer in zip(texts, answers, strict=True)
        ]


def generate(
    run,
    prompt: str | Sequence[str] = "",
    *,
    count: int = 1,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    max_length: int = 50,
    seed: int = 0,
    allow_unknown: bool = False,
    output_dir="runs",
) -> list[dict]:
    """Writes texts with a language model.

    Args:
        run: A run's folder, an export's folder, or a task's name for its latest run.
        prompt: The beginning, or several.
        count: How many texts to write for each.
        temperature: See `LanguagePredictor.generate`, as for the next four.
        top_k: Symbols to draw from.
        top_p: Probability to draw from.
        max_length: The most symbols to add.
        seed: Of the first text.
        allow_unknown: Whether `<UNK>` may be written.
        output_dir: Where runs are kept.

    Returns:
        One dictionary a text; see `LanguagePredictor.generate`.
    """
    prompts = [prompt] if isinstance(prompt, str) else list(prompt)
    predictor = load_language_predictor(run, output_dir=output_dir, allow_unknown=allow_unknown)
    wishes = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "max_length": max_length, "seed": seed}
    return predictor.generate([one for one in prompts for _ in range(count)], **wishes)


def load_language_predictor(run, *, output_dir="runs", allow_unknown: bool = False) -> LanguagePredictor:
    """Loads a language model's run or export; see `seqtasks.serving.predict.load_predictor`.

    Raises:
        UsageError: If it is none of a language model.
    """
    from seqtasks.serving.predict import load_predictor

    predictor = load_predictor(run, output_dir=output_dir, allow_unknown=allow_unknown)
    if not isinstance(predictor, LanguagePredictor):
        raise UsageError(f"{run} is no language model. Use predict, or a run of a task such as word_lm")
    return predictor
