"""The architectures: from configuration and features to a `keras.Model`."""

from seqtasks.errors import SeqtasksError


def build_model(config, pipeline):
    """Returns the built network for a pipeline's features.

    Args:
        config: The run's `seqtasks.config.Config`.
        pipeline: A fitted pipeline; it knows the sizes of the vocabularies.

    Raises:
        SeqtasksError: For a pipeline without an architecture.
    """
    from seqtasks.architectures.encoder_decoder import EncoderDecoder
    from seqtasks.architectures.ensemble import Ensemble
    from seqtasks.architectures.many_to_many import Tagger
    from seqtasks.architectures.many_to_one import Classifier
    from seqtasks.architectures.note_chain import NoteChain
    from seqtasks.architectures.one_to_many import LanguageModel
    from seqtasks.architectures.piano_roll_model import PianoRollModel
    from seqtasks.architectures.transcriber import Transcriber
    from seqtasks.data.classification import ClassificationPipeline
    from seqtasks.data.language import LanguagePipeline
    from seqtasks.data.music import MusicPipeline
    from seqtasks.data.piano_roll_pipeline import PianoRollPipeline
    from seqtasks.data.tagging import TaggingPipeline
    from seqtasks.data.transcription import TranscriptionPipeline
    from seqtasks.data.translation import TranslationPipeline

    architectures = {
        TaggingPipeline: Tagger,
        ClassificationPipeline: Classifier,
        LanguagePipeline: LanguageModel,
        MusicPipeline: NoteChain,
        PianoRollPipeline: PianoRollModel,
        TranscriptionPipeline: Transcriber,
        TranslationPipeline: EncoderDecoder,
    }
    if type(pipeline) not in architectures:
        raise SeqtasksError(f"no architecture takes the features of {type(pipeline).__name__}")
    members = []
    for _ in range(config.model.members):
        first = members[0] if members else None
        members.append(architectures[type(pipeline)].from_pipeline(config, pipeline, first))
    model = Ensemble(members) if len(members) > 1 else members[0]
    model.call_on_example()
    return model
