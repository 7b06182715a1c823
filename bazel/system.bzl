"""The system's libraries, as pkg-config knows them."""

_LIBRARY = """
cc_library(
    name = "{name}",
    defines = {defines},
    linkopts = {linkopts},
)
"""

def _last_of_each(words):
    """The words without what is repeated later: libraries stand behind all that needs them."""
    seen = {}
    result = []
    for word in reversed(words):
        if word not in seen:
            seen[word] = True
            result.append(word)
    return reversed(result)

def _is_searched(folder):
    """Whether the compiler looks there by itself: /usr/include and /usr/include/x86_64-linux-gnu."""
    return folder == "/usr/include" or (folder.startswith("/usr/include/") and "-linux-" in folder.split("/")[-1])

def _library(name, flags):
    defines = []
    linkopts = []
    for flag in flags:
        if flag.startswith("-D"):
            defines.append(flag[2:])
        elif flag.startswith("-I") and _is_searched(flag[2:]):
            continue
        elif flag.startswith("-I"):
            fail("The headers of {} stand in {}, where the compiler does not look by itself. ".format(name, flag[2:]) +
                 "Bazel's build is for libraries of the system; CMake's takes others.")
        else:
            linkopts.append(flag)
    return _LIBRARY.format(name = name, defines = defines, linkopts = _last_of_each(linkopts))

def _system_repository_impl(repository):
    pkg_config = repository.which("pkg-config")
    if pkg_config == None:
        fail("pkg-config is missing; run tools/install-deps.sh build bazel")

    modules = list(repository.attr.modules)
    names = repository.execute([pkg_config, "--list-all"]).stdout.splitlines()
    for name in sorted([line.split(" ")[0] for line in names if line]):
        if [True for prefix in repository.attr.prefixes if name.startswith(prefix)]:
            modules.append(name)

    libraries = []
    missing = []
    for module in modules:
        result = repository.execute([pkg_config, "--cflags", "--libs", module])
        if result.return_code != 0:
            missing.append(module)
        else:
            libraries.append(_library(module, [flag for flag in result.stdout.strip().split(" ") if flag]))
    if missing:
        fail("pkg-config knows no {}; run tools/install-deps.sh build bazel".format(", ".join(missing)))
    for name, linkopts in repository.attr.linkopts.items():
        libraries.append(_library(name, [flag for flag in linkopts.split(" ") if flag]))

    repository.file("BUILD.bazel", """load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])
""" + "".join(libraries))

system_repository = repository_rule(
    implementation = _system_repository_impl,
    doc = "A cc_library for each library; headers are found where the compiler looks by itself.",
    attrs = {
        "linkopts": attr.string_dict(doc = "What links the libraries that pkg-config does not know, by name."),
        "modules": attr.string_list(doc = "pkg-config's modules, each of which must be there."),
        "prefixes": attr.string_list(doc = "All of pkg-config's modules whose names start so."),
    },
    environ = ["PKG_CONFIG_PATH"],
    configure = True,
    local = True,
)
