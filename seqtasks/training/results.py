"""What a run leaves for people: scores, predictions, samples, and report.md with its pictures."""

from seqtasks.data.music_text import write_piece
from seqtasks.files import write_json, write_json_lines, write_text
from seqtasks.serving.rendering import render_sample
from seqtasks.training import plots
from seqtasks.training.evaluation import answers_of
from seqtasks.training.run_folder import RunFolder

TEXT_KEPT = 300
EXAMPLES_SHOWN = 5


def write_evaluation(folder: RunFolder, split: str, examples: list, predictions: list, scores: dict) -> None:
    """Writes `evaluation/<split>.json` and `evaluation/<split>.predictions.jsonl`.

    Args:
        folder: The run's folder.
        split: The split's name.
        examples: Its examples.
        predictions: Their predictions, in the same order.
        scores: Their scores.
    """
    folder.evaluation.mkdir(exist_ok=True)
    write_json_lines(folder.evaluation / f"{split}.predictions.jsonl", prediction_rows(examples, predictions))
    write_json(folder.evaluation / f"{split}.json", scores)


def prediction_rows(examples: list, predictions: list):
    """Yields one plain dictionary an example: what went in, the reference, the prediction.

    Of texts cut into windows it is one a window, without the text.
    """
    if examples and not {"tokens", "tags", "label", "target", "audio"} & set(examples[0]):
        whole = len(examples) == len(predictions)
        for i, score in enumerate(predictions):
            yield ({"text": _text_of(examples[i])[:TEXT_KEPT]} if whole else {"window": i}) | score._asdict()
        return
    for example, prediction in zip(examples, predictions, strict=True):
        if "tokens" in example:
            yield {"tokens": list(example["tokens"]), "reference": list(example["tags"]), "prediction": prediction}
        elif "tags" in example:
            reference, prediction = "".join(example["tags"]), "".join(prediction)
            yield {"name": example.get("name", ""), "reference": reference, "prediction": prediction}
        elif "target" in example:
            yield {"source": example["source"], "reference": example["target"], "prediction": prediction}
        elif "label" in example:
            shown = {"text": example["text"][:TEXT_KEPT]} if "text" in example else {}
            row = {"reference": example["label"], "prediction": prediction["label"]}
            yield shown | row | {"probabilities": prediction["probabilities"]}
        else:
            yield {"reference": example["text"], "prediction": prediction}


def _text_of(example: dict) -> str:
    return example["text"] if "text" in example else write_piece(example["frames"], example["key"])


def write_samples(task, config, pipeline, model, folder: RunFolder) -> list[dict]:
    """Predicts the task's serving examples as an export would, and writes samples.txt.

    Where there is attention, attention.png shows where the decoder looked as it translated the first example.

    Returns:
        The predictions, as `seqtasks.predict` gives them.
    """
    from seqtasks.serving.predict import make_predictor
    from seqtasks.serving.signatures import build_module

    module = build_module(task.name, task.family, config, pipeline, model)
    predictor = make_predictor(module.signatures, task.family, config)
    samples = predictor.predict(task.serving_inputs())
    write_text(folder.samples, "".join(f"{render_sample(sample)}\n" for sample in samples))
    if "attention" in module.signatures:
        (alignment,) = predictor.alignments([samples[0]["text"]], [samples[0]["output"]])
        plots.attention_map(folder.attention, *alignment)
    return samples


def write_report(
    task, config, dataset, folder: RunFolder, history, scores, predictions, evaluator, samples, seconds
) -> str:
    """Writes report.md and its pictures.

    Args:
        task: The task.
        config: The run's configuration.
        dataset: Its data.
        folder: Its folder.
        history: What training went through.
        scores: Scores by split.
        predictions: Predictions of the test split.
        evaluator: Holds the metrics and the pipeline.
        samples: Predictions of the task's serving examples.
        seconds: How long the run took.

    Returns:
        The metrics' tables on the test split.
    """
    examples = dataset.splits["test"]
    references, answers = evaluator.pipeline.references(examples), answers_of(predictions)
    tables = "\n\n".join(metric.report(references, answers) for metric in task.metrics)
    plots.learning_curves(folder.path / "learning_curves.png", history.epochs, task.monitor, history.best_epoch)
    lines = [
        f"# {task.name}",
        "",
        task.description,
        "",
        f"- Data: {dataset.source}",
        *(f"- Note: {note}" for note in dataset.notes),
        f"- Examples: {', '.join(f'{len(split):,} {name}' for name, split in dataset.splits.items())}",
        f"- Parameters: {evaluator.model.count_params():,}",
        f"- Epochs: {len(history.epochs)}; the weights of epoch {history.best_epoch} were kept, "
        f"{'the last' if config.training.keep == 'last' else f'by {task.monitor}'}",
        f"- Time: {seconds:.0f} s, seed {config.training.seed}",
        "",
        "## Scores",
        "",
        *score_table(scores, markdown=True),
        "",
        "On the test split:",
        "",
        *_block(tables),
        "",
        "## Learning curves",
        "",
        "![Loss, validation score and gradient norm by epoch](learning_curves.png)",
        "",
    ]
    if "label" in examples[0]:
        plots.confusion_matrix(folder.path / "confusion_matrix.png", references, answers, evaluator.pipeline.labels)
        lines += ["## Confusion matrix", "", "![True against predicted labels, test](confusion_matrix.png)", ""]
    if references is not None:
        lines += ["## Examples of the test split", "", *_examples(examples, references, predictions), ""]
    lines += ["## Samples", "", *_block("\n".join(map(render_sample, samples))), ""]
    if folder.attention.exists():
        lines += ["Where the decoder looked as it wrote the first:", "", "![Attention](attention.png)", ""]
    write_text(folder.report, "\n".join(lines))
    return tables


def score_table(scores: dict[str, dict[str, float]], markdown: bool = False) -> list[str]:
    """Returns the lines of a table with a row for each score and a column for each split.

    Scores of single types and classes (`span_f1/PER`) are left to the metrics' own tables.
    """
    names = [name for name in next(iter(scores.values())) if "/" not in name]
    rows = [["score", *scores], *([name, *(f"{split[name]:.4f}" for split in scores.values())] for name in names)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = [
        [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    ]
    if not markdown:
        return ["  ".join(row) for row in padded]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return [f"| {' | '.join(row)} |" for row in [padded[0], ruler, *padded[1:]]]


def _examples(examples: list, references: list, predictions: list) -> list[str]:
    wrong, right = [], []
    for example, reference, prediction in zip(examples, references, predictions, strict=True):
        answer = prediction["label"] if isinstance(prediction, dict) else prediction
        (right if answer == reference else wrong).append((example, reference, answer))
    # With spans, the telling examples are those that have some.
    right.sort(key=lambda row: isinstance(row[1], list) and not any(tag != "O" for tag in row[1]))
    lines = []
    for title, rows in (("Wrong", wrong), ("Right", right)):
        lines += ["" if lines else None, f"{title}: {len(rows):,} of {len(examples):,}"]
        if rows:
            lines += ["", *_block("\n\n".join(_example(*row) for row in rows[:EXAMPLES_SHOWN]))]
    return [line for line in lines if line is not None]


def _example(example: dict, reference, answer) -> str:
    if "target" in example:
        lines = [_shown(example["source"]), f"  true       {_shown(reference)}", f"  predicted  {_shown(answer)}"]
        return "\n".join(lines if answer != reference else lines[:2])
    if "tags" in example and "tokens" not in example:
        rows = ((example.get("name", "sequence"), ""), ("  true", reference), ("  predicted", answer))
        return "\n".join(f"{title:<13}{_shown(''.join(tags))}".rstrip() for title, tags in rows)
    if "tokens" not in example:
        shown = f": {_shown(example['text'])}" if "text" in example and "label" in example else ""
        return f"true {_shown(reference)}, predicted {_shown(answer)}{shown}"
    rows = zip(example["tokens"], reference, answer, strict=True)
    if reference == answer:
        return " ".join(token if true == "O" else f"{token}/{true}" for token, true, _ in rows)
    return " ".join(
        f"{token}/{true}" if true == found != "O" else token if true == found else f"{token}/{true}->{found}"
        for token, true, found in rows
    )


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[:TEXT_KEPT]}{'...' if len(text) > TEXT_KEPT else ''}"


def _block(text: str) -> list[str]:
    return ["````text", text, "````"]
