"""What all tests share: TensorFlow quiet, on the CPU, and nothing kept in the home folder."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("SEQTASKS_COMPILATION_CACHE", "off")
