"""One library a folder, one test program a folder, as tools/cmake/Targets.cmake has them.

tools/bazel_sources.py compares `srcs` and `deps` with CMake's. Headers are those of the package.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-missing-field-initializers",
    "-Wnon-virtual-dtor",
    "-Wimplicit-fallthrough",
]

_BORINGSSL = "@boringssl//:crypto"
_BORINGSSL_COPTS = ["-isystem", Label(_BORINGSSL).workspace_root + "/include"]

def _headers():
    return native.glob(["**/*.h"], allow_empty = True)

def _copts(deps):
    return _COPTS + (_BORINGSSL_COPTS if _BORINGSSL in deps else [])

def webhookd_library(name, srcs, deps = [], **kwargs):
    """A static library of one folder."""
    cc_library(
        name = name,
        srcs = srcs,
        hdrs = _headers(),
        copts = _copts(deps),
        linkstatic = True,
        visibility = ["//visibility:public"],
        deps = deps,
        **kwargs
    )

def webhookd_binary(name, srcs, deps = [], **kwargs):
    """A program, or with linkshared what is loaded into one."""
    cc_binary(
        name = name,
        srcs = srcs + _headers(),
        copts = _copts(deps),
        visibility = ["//visibility:public"],
        deps = deps,
        **kwargs
    )

def webhookd_test(name, srcs, deps = [], **kwargs):
    """A test program. Data and programs stand below its working folder as they do in the tree."""
    cc_test(
        name = name,
        srcs = srcs + _headers(),
        copts = _copts(deps),
        linkstatic = True,
        deps = deps,
        **kwargs
    )

def _program_test_impl(test):
    program = test.executable.program
    script = test.actions.declare_file(test.label.name)
    test.actions.write(script, "#!/bin/sh\nexec {} \"$@\"\n".format(program.short_path), is_executable = True)
    return [DefaultInfo(
        executable = script,
        runfiles = test.runfiles([program]).merge(test.attr.program[DefaultInfo].default_runfiles),
    )]

webhookd_program_test = rule(
    implementation = _program_test_impl,
    doc = "Runs a program of ours that judges by itself, with `args`.",
    attrs = {"program": attr.label(executable = True, cfg = "target")},
    test = True,
)
