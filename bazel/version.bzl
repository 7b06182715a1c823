"""CMake's version of the project; tools/bazel_sources.py compares."""

VERSION = "0.1.0"
