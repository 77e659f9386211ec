"""What the REST API says of a model: its versions' states, its signatures, and what it does not do."""

import json
from typing import Any

from google.protobuf.json_format import MessageToDict

from seqtasks.server.examples import refuse
from seqtasks.server.json_parsing import shown
from seqtasks.server.json_tensors import signature_name
from seqtasks.server.models import ModelManager, VersionStatus
from seqtasks.server.servable import Servable
from seqtasks.server.status import ServingError, invalid


def status_json(statuses: list[VersionStatus]) -> bytes:
    """Returns the JSON of a `GetModelStatusResponse`."""
    versions = [
        {
            "version": str(status.version),
            "state": status.state,
            "status": {"error_code": status.error_code, "error_message": status.error_message},
        }
        for status in statuses
    ]
    return _json({"model_version_status": versions})


def metadata_json(servable: Servable) -> bytes:
    """Returns the JSON of a `GetModelMetadataResponse` on a version's signatures."""
    signatures = {
        name: MessageToDict(proto, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
        for name, proto in servable.signature_defs.items()
    }
    spec = {"name": servable.name, "signature_name": "", "version": str(servable.version)}
    return _json({"model_spec": spec, "metadata": {"signature_def": {"signature_def": signatures}}})


def refuse_examples(manager: ModelManager, target, document: dict[str, Any]) -> None:
    """Refuses a request to classify or regress, as TF Serving does where a signature is for predicting.

    Args:
        manager: The models.
        target: What the path stands for.
        document: The request.

    Raises:
        ServingError: Always.
    """
    name, given = signature_name(document), document.get("examples")
    if "examples" not in document:
        raise _misformed(document, f"When method is {target.method}, key 'examples' is expected and was not found")
    if not isinstance(given, list):
        raise _misformed(document, "Expecting 'examples' value to be an list/array")
    if not given:
        raise _misformed(document, "'examples' value is an empty array")
    with manager.use(target.name, target.version, target.label) as servable:
        refuse(servable, name, f"tensorflow/serving/{target.method}")


def _misformed(document: dict[str, Any], why: str) -> ServingError:
    return invalid(f"JSON Value: {shown(document)} {why}")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "replace")
