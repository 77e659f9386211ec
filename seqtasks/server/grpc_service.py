"""The gRPC side of the embedded server, on the protobuf files that TF Serving publishes."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from seqtasks.errors import SeqtasksError
from seqtasks.server.predictor import Predictor

if TYPE_CHECKING:
    import grpc

WAITING_PER_WORKER = 16  # calls that may wait for each thread before further ones are turned away


def start_grpc(
    predictor: Predictor, host: str, port: int, *, max_message_bytes: int, workers: int = 32
) -> tuple["grpc.Server", int]:
    """Starts serving gRPC: `PredictionService`, `ModelService`, and gRPC's health service.

    Args:
        predictor: Runs the requests.
        host: Address to listen on.
        port: Port to listen on; 0 for any free one.
        max_message_bytes: Size of the largest request, compressed or not.
        workers: Threads that answer; where requests are batched, that many can come together.

    Returns:
        The running server, whose `stop(grace)` lets the calls at hand end, and its port.

    Raises:
        SeqtasksError: If the packages of gRPC are missing, or the port cannot be had.
    """
    try:
        import grpc
        from grpc_health.v1 import health, health_pb2, health_pb2_grpc
        from tensorflow_serving.apis import model_service_pb2, prediction_service_pb2
    except ImportError as error:
        raise SeqtasksError(
            f'gRPC needs more packages: {error}. Install them with pip install "seqtasks[grpc]"'
        ) from error
    from seqtasks.server.grpc_methods import service_handler
    from seqtasks.server.grpc_models import ModelService
    from seqtasks.server.grpc_prediction import PredictionService

    server = grpc.server(
        ThreadPoolExecutor(workers, thread_name_prefix="grpc"),
        options=[
            ("grpc.max_receive_message_length", max_message_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),  # otherwise two servers share a port and neither says so
        ],
        maximum_concurrent_rpcs=workers * (1 + WAITING_PER_WORKER),
    )
    services = {
        "PredictionService": (prediction_service_pb2, PredictionService(predictor, max_message_bytes)),
        "ModelService": (model_service_pb2, ModelService(predictor.manager)),
    }
    answering = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(answering, server)
    for name, (module, service) in services.items():
        descriptor = module.DESCRIPTOR.services_by_name[name]
        server.add_generic_rpc_handlers([service_handler(descriptor, service)])
        for known_as in (
            name,
            descriptor.full_name,
        ):  # TF Serving reports the short name, gRPC's tools ask for the full
            answering.set(known_as, health_pb2.HealthCheckResponse.SERVING)
    try:
        bound = server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except RuntimeError as error:
        raise SeqtasksError(f"{host}:{port}: gRPC cannot listen here, another program may hold the port") from error
    server.start()
    return server, bound
