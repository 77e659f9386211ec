"""The signatures of an exported model: raw inputs in, decoded strings out.

The argument and output names below are what clients of TF Serving write; they never change.
"""

import functools

import tensorflow as tf

from seqtasks.data.limits import Limits
from seqtasks.errors import SeqtasksError
from seqtasks.task import ENCODER_DECODER, MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY, TRANSCRIPTION


class ServingModule(tf.Module):
    """What is saved: functions, and only the variables and lookup tables that they use.

    Args:
        tables: A `tf.Module` that tracks the lookup tables.
        model: The Keras model whose variables the functions read. It is not tracked itself.
        functions: `tf.function`s with an input signature, by signature name.
        defaults: What a row gives for the arguments behind the first, by name.
    """

    def __init__(self, tables: tf.Module, model, functions: dict, defaults: dict | None = None):
        super().__init__()
        self.tables = tables
        captured = {id(tensor) for f in functions.values() for tensor in f.get_concrete_function().captured_inputs}
        self.weights = [v.value for v in model.variables if id(v.value.handle) in captured]
        # Straight into the instance's dictionary: a tracked attribute called `signatures` cannot be saved.
        self.__dict__["signatures"], self.__dict__["defaults"] = functions, dict(defaults or {})

    def signature_inputs(self, name: str) -> tuple[str, ...]:
        """Returns the names of a signature's arguments."""
        return tuple(spec.name for spec in self.__dict__["signatures"][name].input_signature)

    def arguments(self, name: str, raw, loaded: list) -> dict[str, list]:
        """Returns the rows of a signature's arguments by name: what was loaded, and the defaults of the others.

        Args:
            name: The signature's name.
            raw: Reads raw inputs; see `seqtasks.serving.raw_inputs`.
            loaded: What it loaded.
        """
        names, given = self.signature_inputs(name), raw.arguments(name, loaded)
        if names[0] not in given:  # a prompt or a source is a text too
            given = {names[0]: next(iter(given.values()))}
        defaults = self.__dict__["defaults"]
        return {name: given[name] if name in given else [defaults[name]] * len(loaded) for name in names}


def build_module(task_name: str, family: str, config, pipeline, model, allow_unknown=False) -> ServingModule:
    """Builds the module that `export` saves and that `predict` calls.

    - many-to-many, `serving_default`: text string[B] -> tokens, tags string[B, T]; scores f32[B, T];
      starts, ends i32[B, T], byte offsets, 0 beyond a row's length; length i32[B].
    - many-to-many, `tokens`: tokens string[B, T], rows padded with `""` -> tags, scores, length.
    - many-to-one, `serving_default`: text string[B] -> label string[B], score f32[B],
      classes string[B, C], probabilities f32[B, C]. Of sounds `serving_default`: audio f32[B, S]; length i32[B], and
      `wav`: wav_bytes string[B]; of clips `serving_default`: frames uint8[B, T, H, W, channels]; length i32[B], and
      `gif`: gif_bytes string[B].
    - transcription, `serving_default` and `wav` as above -> transcript string[B]; log_probability f32[B].
    - transcription, `n_best` of audio and length -> transcripts string[B, K]; log_probabilities f32[B, K].
    - one-to-many, `serving_default`: prompt string[B]; temperature, top_p f32[B]; top_k, max_length, seed i32[B] ->
      text string[B], the prompt and what follows; log_probability f32[B] of what follows; finished bool[B].
    - one-to-many, `score`: text string[B] -> log_probability, perplexity f32[B]; length i32[B]; tokens string[B, T];
      log_probabilities f32[B, T].
    - encoder-decoder, `serving_default`: text string[B] -> output string[B]; score f32[B], as beam search compared.
    - encoder-decoder, `n_best`: text string[B] -> outputs string[B, K]; scores, log_probabilities f32[B, K].
    - encoder-decoder, `score`: source, target string[B] -> log_probability f32[B]; length i32[B]; tokens string[B, S];
      log_probabilities f32[B, S].
    - encoder-decoder with attention, `attention`: source, target string[B] -> source_tokens string[B, T];
      target_tokens string[B, S]; weights f32[B, S, T].

    Args:
        task_name: The task's name; it becomes the module's.
        family: The task's family.
        config: The run's `Config`.
        pipeline: The fitted pipeline of the run.
        model: The Keras model, its weights loaded.
        allow_unknown: One-to-many only. Whether `<UNK>` may be drawn.

    Returns:
        A `ServingModule` with the attribute `signatures`, a dictionary of `tf.function`s that run
        with any number of rows, none included, and any text, within `seqtasks.data.limits`.

    Raises:
        SeqtasksError: For a family that has no signatures.
    """
    tables, limits = pipeline.graph(), Limits(config.inputs)
    if family == ONE_TO_MANY:
        from seqtasks.serving.language_signatures import DEFAULTS, language_signatures

        signatures = language_signatures(tables, pipeline, model, limits, allow_unknown)
        return ServingModule(tables, model, signatures, DEFAULTS)
    if family == ENCODER_DECODER:
        from seqtasks.serving.translation_signatures import DEFAULTS, translation_signatures

        return ServingModule(tables, model, translation_signatures(tables, pipeline, model, limits), DEFAULTS)
    if family == TRANSCRIPTION:
        from seqtasks.serving.transcription_signatures import transcription_signatures

        return ServingModule(tables, model, transcription_signatures(tables, pipeline, model, limits))
    builders = {MANY_TO_MANY: _tagging, MANY_TO_ONE: _classification}
    if family not in builders:
        known = ", ".join([*builders, ONE_TO_MANY, ENCODER_DECODER, TRANSCRIPTION])
        raise SeqtasksError(f"task {task_name!r}: a {family} task cannot be exported. Known: {known}.")
    return ServingModule(tables, model, builders[family](tables, pipeline, model, limits))


def _tagging(tables, pipeline, model, limits) -> dict:
    names = list(pipeline.tags)

    def tag(tokens: tf.RaggedTensor) -> dict:
        features = tables.features_of_steps(tokens)
        found = model.outputs_of(features)
        length = tf.cast(tokens.row_lengths(), tf.int32)
        live = tf.sequence_mask(length, tf.shape(features["mask"])[1])
        return {
            "tags": tf.where(live, tf.gather(tf.constant(names), found["tags"]), ""),
            "scores": tf.where(live, tf.cast(found["scores"], tf.float32), 0.0),
            "length": length,
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
    def serving_default(text):
        tokens, starts, ends = limits.fit(*tables.cut(limits.few(text)))
        found = tag(tokens)
        width = tf.shape(found["tags"])[1]
        return {
            "tokens": _fit(tokens.to_tensor(""), width),
            "starts": _fit(tf.cast(starts, tf.int32).to_tensor(0), width),
            "ends": _fit(tf.cast(ends, tf.int32).to_tensor(0), width),
            **found,
        }

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string, name="tokens")], autograph=False)
    def tokens(tokens):
        (cut,) = limits.fit(tf.RaggedTensor.from_tensor(limits.few(tokens), padding=""))
        found = tag(cut)
        width = tf.shape(tokens)[1]
        return {**found, "tags": _fit(found["tags"], width), "scores": _fit(found["scores"], width)}

    return {"serving_default": serving_default, "tokens": tokens}


def _classification(tables, pipeline, model, limits) -> dict:
    names = list(pipeline.classes)

    def classify(features):
        found = model.outputs_of(features)
        probabilities = tf.ensure_shape(tf.cast(found["probabilities"], tf.float32), [None, len(names)])
        classes = tf.constant(names)
        return {
            "label": tf.gather(classes, tf.argmax(probabilities, axis=-1)),
            "score": tf.reduce_max(probabilities, axis=-1),
            "classes": tf.tile(classes[None], [tf.shape(probabilities)[0], 1]),
            "probabilities": probabilities,
        }

    return asked_by(tables.requests(), classify, limits)


def asked_by(requests: dict, answer, limits: Limits) -> dict:
    """Returns a signature for each way to ask.

    Args:
        requests: `seqtasks.data.requests.Request`s by signature name.
        answer: Turns a batch of features into outputs by name.
        limits: Refuses what is too much.
    """

    def signature(request):
        @functools.wraps(request.features)  # so that arguments have their names
        def asked(*arguments, **named):
            arguments, named = tf.nest.map_structure(limits.few, (arguments, named))
            return answer(limits.padded(request.features(*arguments, **named)))

        return tf.function(asked, input_signature=list(request.specs), autograph=False)

    return {name: signature(request) for name, request in requests.items()}


def _fit(dense: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Pads or cuts the second axis to `width`; what is cut is padding."""
    missing = tf.maximum(width - tf.shape(dense)[1], 0)
    padding = "" if dense.dtype == tf.string else tf.zeros([], dense.dtype)
    dense = tf.pad(dense, [[0, 0], [0, missing]], constant_values=padding)[:, :width]
    return tf.ensure_shape(dense, [None, None])
