"""`seqtasks serve`."""

import click

from seqtasks.cli.options import common_options
from seqtasks.errors import UsageError

_PORT = click.IntRange(1, 65535)


@click.command("serve")
@click.argument("models", nargs=-1, metavar="[TASK|EXPORT]...")
@click.option(
    "--export-dir", default="saved_models", show_default=True, metavar="FOLDER", help="Where exports are kept."
)
@click.option(
    "--config-dir", metavar="FOLDER", help="Where TF Serving's configuration goes. [default: .serving in --export-dir]"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to answer at.")
@click.option("--rest-port", type=_PORT, default=8501, show_default=True, help="Port of the REST interface.")
@click.option("--grpc-port", type=_PORT, default=8500, show_default=True, help="Port of the gRPC interface.")
@click.option("--stable", multiple=True, metavar="TASK=VERSION", help="Label a version stable. Can be repeated.")
@click.option("--canary", multiple=True, metavar="TASK=VERSION", help="Label a version canary. Can be repeated.")
@click.option("--batching/--no-batching", default=True, show_default=True, help="Run requests together.")
@click.option(
    "--poll-seconds", type=click.IntRange(1), default=1, show_default=True, help="Look for versions so often."
)
@click.option(
    "--max-request-bytes",
    type=click.IntRange(1),
    default=16 * 2**20,
    show_default=True,
    help="The largest request, in the embedded server.",
)
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, help="Seconds for a request."
)
@click.option("--embedded", is_flag=True, help="Use the embedded server even where TF Serving is installed.")
@click.option("--write-only", is_flag=True, help="Write the configuration and show the commands; start nothing.")
@common_options
def serve_command(
    models, export_dir, config_dir, host, rest_port, grpc_port, stable, canary, batching, poll_seconds,
    max_request_bytes, timeout, embedded, write_only, code,
):  # fmt: skip
    """Serve exports behind TF Serving's REST and gRPC interfaces.

    A TASK's newest version is served, and newer ones as they come; of an EXPORT, a version's folder, that version. By
    default everything in --export-dir is served. Where tensorflow_model_server is installed it is started, else the
    embedded server, which answers the same requests and is for development and small deployments.

    \b
    seqtasks serve
    seqtasks serve ner sentiment --rest-port 9000
    seqtasks serve ner --stable ner=3 --canary ner=4
    seqtasks serve --write-only
    """
    from seqtasks.cli.start import start_tensorflow
    from seqtasks.serving.serve import prepare
    from seqtasks.serving.serving_config import ServerOptions

    serving = prepare(
        models,
        export_dir=export_dir,
        config_dir=config_dir,
        options=ServerOptions(host, rest_port, grpc_port, batching, poll_seconds, timeout, max_request_bytes),
        stable=_versions(stable, "--stable"),
        canary=_versions(canary, "--canary"),
        embedded=embedded,
    )
    for title, line in (("In a container", serving.docker_line), ("On this machine", serving.server_line)):
        click.echo(f"{title}:\n  {line}")
    if write_only:
        return
    serving.check_ports()
    if serving.program is None:
        start_tensorflow()
    serving.run(lambda line: click.echo(line, err=True))


def _versions(texts: tuple[str, ...], option: str) -> dict[str, int]:
    versions = {}
    for text in texts:
        name, equals, version = text.rpartition("=")
        if not (equals and name and version.isascii() and version.isdigit() and int(version)):
            raise UsageError(f"{option} is given as TASK=VERSION, as ner=3. Received: {text!r}")
        if versions.setdefault(name, int(version)) != int(version):
            raise UsageError(f"{option} names two versions of {name}: {versions[name]} and {version}")
    return versions
