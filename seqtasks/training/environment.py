"""What a run was made with: programs, versions, machine."""

import os
import platform
import sys
import time
from importlib import metadata

PACKAGES = ("seqtasks", "tensorflow", "keras", "numpy", "tensorflow-datasets", "seqeval", "scikit-learn")


def describe_environment() -> dict:
    """Returns what environment.json keeps."""
    import tensorflow as tf

    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "accelerators": [
            tf.config.experimental.get_device_details(device).get("device_name", device.name)
            for device in tf.config.list_physical_devices("GPU")
        ],
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
