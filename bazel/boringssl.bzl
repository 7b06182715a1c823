"""BoringSSL's libcrypto, as tools/build-boringssl.sh builds it for CMake, too."""

def _boringssl_repository_impl(repository):
    script = repository.path(Label("//:tools/build-boringssl.sh"))
    result = repository.execute([script, "--print-dir"], quiet = False, timeout = 3600)
    if result.return_code != 0:
        fail("BoringSSL could not be built; the reason is above. tools/build-boringssl.sh says more.")
    folder = result.stdout.strip()
    repository.symlink(folder + "/include", "include")
    repository.symlink(folder + "/lib", "lib")
    repository.file("BUILD.bazel", """load("@rules_cc//cc:defs.bzl", "cc_library")

# No `includes`: they would reach whatever depends on this, also what includes OpenSSL's headers, which
# have the same names. //bazel:defs.bzl gives them to those that name this library.
cc_library(
    name = "crypto",
    srcs = ["lib/libcrypto.a"],
    hdrs = glob(["include/**/*.h"]),
    linkopts = ["-pthread"],
    visibility = ["//visibility:public"],
)
""")

boringssl_repository = repository_rule(
    implementation = _boringssl_repository_impl,
    environ = ["BORINGSSL_SOURCE_DIR", "WEBHOOKD_DEPS_DIR"],
    local = True,
)
