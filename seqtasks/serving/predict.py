"""`seqtasks predict`: from raw inputs to tags, labels, transcripts or translations, by a run's model or an export."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from seqtasks.config import Config
from seqtasks.errors import SeqtasksError, UsageError
from seqtasks.sections import Bases
from seqtasks.serving.entities import entities_of
from seqtasks.serving.export import DESCRIPTION
from seqtasks.serving.language import LanguagePredictor
from seqtasks.serving.long_sequences import PIECE, in_pieces
from seqtasks.serving.raw_inputs import raw_inputs
from seqtasks.serving.rows import checked, decoded, encoded, run_in_batches
from seqtasks.serving.text_inputs import TextInputs
from seqtasks.serving.translation import TranslationPredictor
from seqtasks.task import ENCODER_DECODER, MANY_TO_MANY, ONE_TO_MANY, TRANSCRIPTION


class Predictor:
    """Predicts with the signatures of a model, in memory or exported: the same functions either way.

    Args:
        signatures: By name, functions of tensors that return tensors by name.
        family: The task's family.
        spans: Whether the tags are BIO and make entities.
        owner: What holds the signatures' variables, if they do not.
        raw: Reads what is given to predict from: texts, unless another one is given; see
            `seqtasks.serving.raw_inputs`.
        piece: The most letters of a sequence that are tagged at once; longer ones are cut. None for any number.
    """

    def __init__(
        self,
        signatures: dict[str, Callable[..., dict]],
        family: str,
        spans: bool = False,
        owner=None,
        raw=None,
        piece: int | None = None,
    ):
        self.family = family
        self.raw = raw or TextInputs()
        self._owner = owner
        self._signatures = signatures
        self._spans = spans
        self._piece = piece

    def has(self, signature: str) -> bool:
        """Returns whether the model has a signature of that name."""
        return signature in self._signatures

    def predict(self, inputs: Sequence) -> list[dict]:
        """Predicts from raw inputs.

        Args:
            inputs: Texts; a text with bytes that were no UTF-8 has them as surrogate escapes. For models of sounds and
                clips paths of files, or arrays.

        Returns:
            One dictionary an input, in their order. Tagging: `text`, `tokens`, `tags`, `scores`,
            and for BIO tags `entities`, each with `text`, `type`, `start`, `end` (offsets in
            characters) and `score`. Classification: `text` or `file`, `label`, `score`, `probabilities`. Transcription:
            `file`, `transcript`, `log_probability`.

        Raises:
            UsageError: If something else than a list of such inputs is given.
            DataError: If a file cannot be read.
        """
        if self._piece is None:
            return self._predict(inputs)
        return in_pieces(self._predict, checked(inputs, str, self.raw.what), self._piece)

    def _predict(self, inputs: Sequence) -> list[dict]:
        readers = {MANY_TO_MANY: self._tagged, TRANSCRIPTION: self._transcribed}
        read = readers.get(self.family, self._classified)
        return [read(shown, answer) for shown, answer in self._answers("serving_default", inputs)]

    def n_best(self, inputs: Sequence) -> list[dict]:
        """Transcribes in several ways.

        Args:
            inputs: As for `predict`.

        Returns:
            As `predict`; and `transcripts`, those found from the likeliest on, with their `log_probabilities`; fewer
            than the beam keeps where there are no more.

        Raises:
            UsageError: If the model does not transcribe, or something else than a list of such inputs is given.
            DataError: If a file cannot be read.
        """
        if "n_best" not in self._signatures:
            raise UsageError("this model finds one answer, not several")
        found = []
        for shown, answer in self._answers("n_best", inputs):
            # What was not found fills the rest, with a probability that nothing has.
            count = int((answer["log_probabilities"] > _IMPOSSIBLE).sum())
            transcripts = [decoded(transcript) for transcript in answer["transcripts"][:count]]
            likely = answer["log_probabilities"][:count].tolist()
            best = {self.raw.key: shown, "transcript": transcripts[0], "log_probability": likely[0]}
            found.append({**best, "transcripts": transcripts, "log_probabilities": likely})
        return found

    def predict_tokens(self, sentences: Sequence[Sequence[str]]) -> list[dict]:
        """Predicts the tags of sentences that are cut into tokens already.

        Args:
            sentences: Lists of tokens.

        Returns:
            As `predict`; `text` is the tokens with a blank between them.

        Raises:
            UsageError: If the model takes no tokens, or a token is empty.
        """
        if "tokens" not in self._signatures:
            raise UsageError("this model takes texts, not tokens")
        sentences = [checked(tokens, str, "lists of tokens, each a str") for tokens in sentences]
        if any(token == "" for tokens in sentences for token in tokens):
            raise UsageError("a token cannot be empty: '' is what pads a sentence")
        rows = [[encoded(token) for token in tokens] for tokens in sentences]
        sizes = [sum(map(len, row)) + len(row) for row in rows]
        answers = run_in_batches(self._signatures["tokens"], {"tokens": rows}, sizes)
        return [self._aligned(tokens, answer) for tokens, answer in zip(sentences, answers, strict=True)]

    def _answers(self, signature: str, inputs: Sequence):
        """Yields what went in, as it is shown, and what the signature answers."""
        loaded = [self.raw.load(given) for given in checked(inputs, object, self.raw.what)]
        arguments = self.raw.arguments(signature, loaded)
        answers = run_in_batches(self._signatures[signature], arguments, [*map(self.raw.size, loaded)])
        return zip(map(self.raw.show, loaded), answers, strict=True)

    def _classified(self, shown: str, answer: dict) -> dict:
        classes = [decoded(name) for name in answer["classes"]]
        probabilities = dict(zip(classes, answer["probabilities"].tolist(), strict=True))
        label = decoded(answer["label"])
        return {self.raw.key: shown, "label": label, "score": float(answer["score"]), "probabilities": probabilities}

    def _transcribed(self, shown: str, answer: dict) -> dict:
        likely = float(answer["log_probability"])
        return {self.raw.key: shown, "transcript": decoded(answer["transcript"]), "log_probability": likely}

    def _tagged(self, text: str, answer: dict) -> dict:
        row, length = encoded(text), int(answer["length"])
        tokens = [decoded(token) for token in answer["tokens"][:length]]
        offsets = _character_offsets(row, [*answer["starts"][:length], *answer["ends"][:length]])
        return self._prediction(text, tokens, answer, offsets[:length], offsets[length:])

    def _aligned(self, tokens: list[str], answer: dict) -> dict:
        starts, ends, position = [], [], 0
        for token in tokens:
            starts.append(position)
            ends.append(position + len(token))
            position = ends[-1] + 1
        return self._prediction(" ".join(tokens), tokens, answer, starts, ends)

    def _prediction(self, text: str, tokens: list[str], answer: dict, starts: list[int], ends: list[int]) -> dict:
        tags = [decoded(tag) for tag in answer["tags"][: len(tokens)]]
        scores = answer["scores"][: len(tokens)].tolist()
        prediction = {"text": text, "tokens": tokens, "tags": tags, "scores": scores}
        if self._spans:
            prediction["entities"] = entities_of(tags, scores, starts, ends, text)
        return prediction


# Far below what a transcript may have, and far above what `seqtasks.decoding.ctc` gives for none.
_IMPOSSIBLE = -1e8

AnyPredictor = Predictor | LanguagePredictor | TranslationPredictor


def load_predictor(run, *, output_dir="runs", allow_unknown=False) -> AnyPredictor:
    """Loads what predicts.

    Args:
        run: A run's folder, an export's folder, or a task's name for its latest run.
        output_dir: Where runs are kept.
        allow_unknown: Whether a language model may write `<UNK>`. An export never does.

    Raises:
        UsageError: If there is no such run.
        SeqtasksError: If it is damaged.
    """
    from seqtasks.training.run_folder import is_export, resolve

    folder = resolve(run, output_dir)
    if is_export(folder):
        if allow_unknown:
            raise UsageError(f"{folder} is an export, which never writes <UNK>: name a run instead")
        return _load_export(folder)
    from seqtasks.serving.loading import load_run
    from seqtasks.serving.signatures import build_module

    loaded = load_run(folder)
    task = loaded.task
    module = build_module(task.name, task.family, loaded.config, loaded.pipeline, loaded.model, allow_unknown)
    return make_predictor(module.signatures, task.family, loaded.config)


def make_predictor(signatures, family: str, config: Config, owner=None) -> AnyPredictor:
    """Returns what predicts with the signatures of a model; the arguments are `Predictor`'s, but for `config`."""
    if family == ONE_TO_MANY:
        return LanguagePredictor(signatures, owner)
    if family == ENCODER_DECODER:
        return TranslationPredictor(signatures, owner)
    spans = getattr(config.targets, "scheme", None) == "BIO"
    piece = None
    if family == MANY_TO_MANY and isinstance(config.inputs, Bases):
        piece = min(PIECE, config.inputs.longest_text, config.inputs.largest_batch)
    return Predictor(signatures, family, spans, owner, raw_inputs(config), piece)


def predict(run, inputs: Iterable, *, output_dir="runs") -> list[dict]:
    """Predicts from raw inputs, or from sentences cut into tokens; a language model goes on from texts, an
    encoder-decoder translates them.

    Args:
        run: A run's folder, an export's folder, or a task's name for its latest run.
        inputs: Texts, for a tagging task also lists of tokens; for a task of sounds or clips paths of files, or arrays.
            A single text or path may stand alone.
        output_dir: Where runs are kept.

    Returns:
        One dictionary an input; see `Predictor.predict`.
    """
    inputs = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    predictor = load_predictor(run, output_dir=output_dir)
    if inputs and isinstance(inputs[0], list | tuple) and isinstance(predictor, Predictor):
        return predictor.predict_tokens(inputs)
    return predictor.predict(inputs)


def _load_export(folder: Path) -> AnyPredictor:
    import tensorflow as tf

    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        family, config = description["family"], Config.from_dict(description["config"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SeqtasksError(f"{folder / DESCRIPTION} cannot be read: {error!r}. Export the run again.") from error
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise SeqtasksError(f"{folder}: the SavedModel cannot be loaded: {str(error).splitlines()[0]}") from error
    return make_predictor(dict(loaded.signatures), family, config, owner=loaded)


def _character_offsets(row: bytes, offsets: list[int]) -> list[int]:
    """Turns byte offsets into offsets of the decoded text."""
    if row.isascii():
        return [int(offset) for offset in offsets]
    known, position, characters = {}, 0, 0
    for offset in sorted({int(offset) for offset in offsets}):
        characters += len(decoded(row[position:offset]))
        known[offset], position = characters, offset
    return [known[int(offset)] for offset in offsets]
