import itertools
import re
import shlex
from pathlib import Path

import pytest

from seqtasks.server.models import ModelSpec
from seqtasks.serving import batching_parameters as batching
from seqtasks.serving.serving_config import (
    ServerOptions,
    docker_command,
    models_config,
    monitoring_config,
    server_command,
    shell_line,
    write_serving_config,
)

SPECS = [
    ModelSpec("ner", Path("/srv/my models/ner"), (1, 3), labels={"stable": 1, "canary": 3}),
    ModelSpec("sentiment", Path("/srv/my models/sentiment"), latest=2),
    ModelSpec("über", Path('/other/"quoted"\\\u6771\n'), "all"),
]
CONFIG = Path("/srv/my models/.serving")


def flags(command):
    return dict(word[2:].partition("=")[::2] for word in command if word.startswith("--"))


def published(*messages):
    """Returns classes of messages as TF Serving's .proto files declare them, where no package holds them.

    Args:
        messages: Pairs of a name and its fields, each a name, a number, a type, and the name of a message's type.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    pool.Add(wrappers)
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3", dependency=[wrappers.name])
    for message, fields in messages:
        declared = file.message_type.add(name=message)
        for name, number, kind, *of in fields:
            of = of[0] if of else None
            declared.field.add(name=name, number=number, type=f"TYPE_{kind}", label="LABEL_OPTIONAL", type_name=of)
    pool.Add(file)
    return [message_factory.GetMessageClass(pool.FindMessageTypeByName(f"t.{message}")) for message, _ in messages]


def parse_models(text):
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not installed")
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    return text_format.Parse(text, model_server_config_pb2.ModelServerConfig()).model_config_list.config


def test_models_are_what_tf_serving_reads():
    ner, sentiment, other = parse_models(models_config(SPECS))
    assert (ner.name, ner.base_path, ner.model_platform) == ("ner", "/srv/my models/ner", "tensorflow")
    assert list(ner.model_version_policy.specific.versions) == [1, 3]
    assert dict(ner.version_labels) == {"stable": 1, "canary": 3}
    assert sentiment.model_version_policy.latest.num_versions == 2
    assert not sentiment.version_labels
    assert (other.name, other.base_path) == ("über", str(SPECS[2].base_path))
    assert other.model_version_policy.WhichOneof("policy_choice") == "all"


def test_models_as_text():
    assert models_config(SPECS[:1]) == (
        "model_config_list {\n"
        "  config {\n"
        '    name: "ner"\n'
        '    base_path: "/srv/my models/ner"\n'
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { specific { versions: 1 versions: 3 } }\n"
        '    version_labels { key: "canary" value: 3 }\n'
        '    version_labels { key: "stable" value: 1 }\n'
        "  }\n"
        "}\n"
    )


def test_monitoring_is_what_tf_serving_reads():
    from google.protobuf import text_format

    _, config = published(
        ("PrometheusConfig", [("enable", 1, "BOOL"), ("path", 2, "STRING")]),
        ("MonitoringConfig", [("prometheus_config", 1, "MESSAGE", ".t.PrometheusConfig")]),
    )
    found = text_format.Parse(monitoring_config(), config()).prometheus_config
    assert (found.enable, found.path) == (True, "/monitoring/prometheus/metrics")


@pytest.mark.parametrize("padded", [True, False])
def test_batching_is_what_tf_serving_reads(padded):
    from google.protobuf import text_format

    integer = ("MESSAGE", ".google.protobuf.Int64Value")
    (parameters,) = published(
        (
            "BatchingParameters",
            [
                ("max_batch_size", 1, *integer),
                ("batch_timeout_micros", 2, *integer),
                ("max_enqueued_batches", 3, *integer),
                ("num_batch_threads", 4, *integer),
                ("pad_variable_length_inputs", 7, "BOOL"),
            ],
        )
    )
    found = text_format.Parse(batching.batching_parameters(3), parameters())
    assert (found.num_batch_threads.value, found.pad_variable_length_inputs) == (3, False)
    assert found.max_batch_size.value == batching.MAX_BATCH_SIZE
    assert found.HasField("batch_timeout_micros")
    own = text_format.Parse(batching.model_batching({"s": AUDIO if padded else TEXT}), parameters())
    assert own.pad_variable_length_inputs is padded
    assert own.max_batch_size == found.max_batch_size


def test_threads_are_as_many_as_processors_by_default():
    assert re.search(r"num_batch_threads { value: [1-9]\d* }", batching.batching_parameters())


def inputs(**shapes):
    return {"inputs": [{"name": name, "dtype": "x", "shape": shape} for name, shape in shapes.items()]}


TEXT, AUDIO, TOKENS = inputs(text=[None]), inputs(audio=[None, None], length=[None]), inputs(tokens=[None, None])
FRAMES = inputs(frames=[None, None, 32, 32, 3], length=[None])
ANY_FRAMES = inputs(frames=[None, None, None, None, 3], length=[None])


@pytest.mark.parametrize(
    ("signatures", "expected"),
    [
        ([TEXT], "whole"),
        ([TEXT, inputs(source=[None], target=[None])], "whole"),
        ([inputs(picture=[None, 28, 28])], "whole"),
        ([AUDIO, inputs(wav_bytes=[None])], "padded"),
        ([FRAMES], "padded"),
        ([TEXT, TOKENS], None),
        ([AUDIO, TOKENS], None),
        ([ANY_FRAMES, inputs(gif_bytes=[None])], None),
    ],
)
def test_only_what_padding_cannot_make_wrong_is_batched(signatures, expected):
    text = batching.model_batching({str(number): entry for number, entry in enumerate(signatures)})
    assert (text is None) == (expected is None)
    if text is not None:
        assert ("pad_variable_length_inputs: true" in text) == (expected == "padded")
        assert f"max_batch_size {{ value: {batching.MAX_BATCH_SIZE} }}" in text


def test_both_commands_read_the_same_files():
    options = ServerOptions(rest_port=9001, grpc_port=9000, poll_seconds=7, timeout=2.5)
    server, docker = server_command(CONFIG, SPECS, options), docker_command(CONFIG, SPECS, options)
    assert server[:3] == ["tensorflow_model_server", "--port=9000", "--rest_api_port=9001"]
    assert docker[:2] == ["docker", "run"]
    wanted = {
        "model_config_file": "/srv/my models/.serving/models.config",
        "model_config_file_poll_wait_seconds": "7",
        "file_system_poll_wait_seconds": "7",
        "monitoring_config_file": "/srv/my models/.serving/monitoring.config",
        "rest_api_timeout_in_ms": "2500",
        "enable_batching": "",
        "batching_parameters_file": "/srv/my models/.serving/batching_parameters.txt",
        "enable_per_model_batching_parameters": "",
        "allow_version_labels_for_unavailable_models": "",
    }
    assert flags(server) == {**wanted, "port": "9000", "rest_api_port": "9001"}
    assert flags(docker[docker.index("tensorflow/serving") :]) == wanted
    assert "127.0.0.1:9001:8501" in docker
    assert "127.0.0.1:9000:8500" in docker
    assert shlex.split(shell_line(docker)) == docker


def test_container_sees_every_folder_where_it_is_outside():
    docker = docker_command(CONFIG, SPECS, ServerOptions())
    mounts = [value for flag, value in itertools.pairwise(docker) if flag == "--mount"]
    assert mounts == [f"type=bind,source={path},target={path},readonly" for path in ("/other", "/srv/my models")]
    apart = docker_command("/etc/serving", SPECS[:1], ServerOptions())
    assert "type=bind,source=/etc/serving,target=/etc/serving,readonly" in apart


@pytest.mark.parametrize(("host", "shown"), [("localhost", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::1", "[::1]")])
def test_container_answers_where_asked(host, shown):
    assert f"{shown}:8501:8501" in docker_command(CONFIG, SPECS, ServerOptions(host=host))


def test_flags_that_are_not_wanted():
    found = flags(server_command(CONFIG, SPECS[1:], ServerOptions(batching=False)))
    # TF Serving refuses to start with the parameters and without batching.
    assert not {"enable_batching", "batching_parameters_file", "enable_per_model_batching_parameters"} & set(found)
    assert "allow_version_labels_for_unavailable_models" not in found


def test_files_are_replaced_whole(tmp_path):
    write_serving_config(tmp_path / "new", SPECS, threads=5)
    write_serving_config(tmp_path / "new", SPECS[:1], threads=6)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "batching_parameters.txt",
        "models.config",
        "monitoring.config",
    ]
    assert (tmp_path / "new" / "models.config").read_text(encoding="utf-8") == models_config(SPECS[:1])
    assert "num_batch_threads { value: 6 }" in (tmp_path / "new" / "batching_parameters.txt").read_text()
