"""A linear-chain conditional random field over a sequence of tags."""

import keras
import numpy as np
import tensorflow as tf

from seqtasks.errors import UsageError
from seqtasks.layers import chain

# Added to a forbidden transition: far below any sum of scores, yet finite, so a gold sequence that breaks the
# constraints costs a number and not a NaN.
FORBIDDEN = -1e4


def bio_constraints(tags):
    """Returns which tag sequences are valid in the BIO scheme.

    I-X may only follow B-X or I-X, and may not come first.

    Args:
        tags: The tag of every index, such as ["O", "B-PER", "I-PER"]. Tags without "B-" or "I-" are free.

    Returns:
        (transitions [K, K], starts [K]): lists of bool, True where allowed; transitions[i][j] is from tag i to tag j.
    """

    def inside(tag):
        return tag.startswith("I-")

    transitions = [[not inside(to) or of in (f"B-{to[2:]}", to) for to in tags] for of in tags]
    return transitions, [not inside(tag) for tag in tags]


@keras.saving.register_keras_serializable(package="seqtasks")
class CRF(keras.layers.Layer):
    """Linear-chain conditional random field.

    The score of tags y for emissions e is start[y_1] + sum_t e_t[y_t] + sum_t transitions[y_t, y_t+1] + end[y_T];
    their probability is its exponential over the sum of all sequences'. Everything is computed in float32 or better.
    Masks are right-padded: of a row, the first `sum(mask)` steps count. A row without any has log-likelihood and
    score 0, tags and marginals 0.

    Args:
        num_tags: The number of tags K.
        transition_constraint: bool [K, K], True where tag j may follow tag i; None allows all. See `bio_constraints`.
        start_constraint: bool [K], True where a tag may come first; None allows all.
        constrain_likelihood: Whether the constraints hold in the likelihood and the marginals too, and not only in
            decoding. Leave it off where gold tags may break them.
        **kwargs: `name`, `dtype`, `trainable`.

    Call arguments:
        emissions: [B, T, K].
        mask: bool [B, T] or None.

    Returns:
        What `decode` returns.

    Reference:
        - Lafferty, McCallum and Pereira, "Conditional Random Fields", 2001.
    """

    def __init__(
        self,
        num_tags,
        transition_constraint=None,
        start_constraint=None,
        constrain_likelihood=False,
        **kwargs,
    ):
        # Emissions in half precision are widened below, not variables narrowed.
        super().__init__(autocast=False, **kwargs)
        self.num_tags = int(num_tags)
        self.transition_constraint = _checked(transition_constraint, (num_tags, num_tags), "transition_constraint")
        self.start_constraint = _checked(start_constraint, (num_tags,), "start_constraint")
        self.constrain_likelihood = constrain_likelihood
        self.supports_masking = True
        # The weights do not depend on the input, and the methods below are used without the layer being called.
        self.build()

    def build(self, emissions_shape=None):
        if self.built:
            return
        shape = (self.num_tags, self.num_tags)
        self.transitions = self.add_weight(shape=shape, initializer="glorot_uniform", name="transitions")
        self.start = self.add_weight(shape=(self.num_tags,), initializer="zeros", name="start")
        self.end = self.add_weight(shape=(self.num_tags,), initializer="zeros", name="end")
        self.built = True

    def start_from(self, pairs):
        """Sets the weights to what tags alone would say, as a Markov chain's.

        What tags follow each other where little but the step to the next matters, as along DNA, is learned sooner
        this way than by the gradient, which moves each weight by little a step.

        Args:
            pairs: How often tag j follows tag i, [K, K].
        """
        pairs = np.asarray(pairs, np.float64) + 1.0
        if self.transition_constraint is not None:
            pairs *= self.transition_constraint
        totals = pairs.sum(axis=1)
        self.transitions.assign(np.log(np.maximum(pairs, 1e-9) / totals[:, None]) * (pairs > 0))
        self.start.assign(np.log(totals / totals.sum()))

    def call(self, emissions, mask=None):
        return self.decode(emissions, mask)

    def log_likelihood(self, emissions, tags, mask=None):
        """Returns the log-probability of the tags.

        Args:
            emissions: [B, T, K].
            tags: int [B, T]; what stands where the mask is False does not matter.
            mask: bool [B, T] or None.

        Returns:
            [B], each 0 or below.
        """
        emissions, mask = self._prepare(emissions, mask)
        scores = self._scores(emissions.dtype, self.constrain_likelihood)
        gold = chain.sequence_score(emissions, tf.cast(tags, tf.int32), mask, *scores)
        return gold - chain.log_partition(emissions, mask, *scores)

    def decode(self, emissions, mask=None):
        """Returns the most probable tags (Viterbi), within the constraints.

        Args:
            emissions: [B, T, K].
            mask: bool [B, T] or None.

        Returns:
            (tags int32 [B, T], 0 where the mask is False; their score [B], not normalized).
        """
        emissions, mask = self._prepare(emissions, mask)
        return chain.best_sequence(emissions, mask, *self._scores(emissions.dtype, True))

    def marginals(self, emissions, mask=None):
        """Returns the probability of every tag at every step, given the whole sequence.

        Args:
            emissions: [B, T, K].
            mask: bool [B, T] or None.

        Returns:
            [B, T, K], summing to 1 over K; 0 where the mask is False.
        """
        emissions, mask = self._prepare(emissions, mask)
        return chain.marginals(emissions, mask, *self._scores(emissions.dtype, self.constrain_likelihood))

    def _prepare(self, emissions, mask):
        emissions = tf.convert_to_tensor(emissions)
        if emissions.dtype not in (tf.float32, tf.float64):
            emissions = tf.cast(emissions, tf.float32)
        if mask is None:
            return emissions, tf.ones(tf.shape(emissions)[:2], tf.bool)
        return emissions, tf.cast(tf.convert_to_tensor(mask), tf.bool)

    def _scores(self, dtype, constrained):
        transitions, start, end = (
            tf.cast(tf.convert_to_tensor(weight), dtype) for weight in (self.transitions, self.start, self.end)
        )
        if constrained and self.transition_constraint is not None:
            transitions += np.where(self.transition_constraint, 0.0, FORBIDDEN)
        if constrained and self.start_constraint is not None:
            start += np.where(self.start_constraint, 0.0, FORBIDDEN)
        return transitions, start, end

    def compute_output_shape(self, emissions_shape):
        return tuple(emissions_shape[:2]), (emissions_shape[0],)

    def compute_output_spec(self, emissions, mask=None):
        tags, score = self.compute_output_shape(emissions.shape)
        return keras.KerasTensor(tags, "int32"), keras.KerasTensor(score, "float32")

    def compute_mask(self, emissions, mask=None):
        return [mask, None]

    def get_config(self):
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "transition_constraint": self.transition_constraint,
            "start_constraint": self.start_constraint,
            "constrain_likelihood": self.constrain_likelihood,
        }


def _checked(constraint, shape, name):
    if constraint is None:
        return None
    constraint = np.asarray(constraint, bool)
    if constraint.shape != shape:
        raise UsageError(f"{name} has shape {constraint.shape}, but num_tags asks for {shape}.")
    return constraint.tolist()
