#!/usr/bin/env python3
"""Compares the BUILD.bazel files with what CMake builds.

    tools/bazel_sources.py [--fix] [--build DIR]

CMake writes the targets of DIR (build/release by default) with their sources and libraries into
DIR/targets.txt when it is configured. Each must be in its folder's BUILD.bazel with the same sources and
at least these libraries, and whatever its sources include must belong to one of its libraries: Bazel,
unlike CMake, shows the compiler nothing else. --fix writes what is missing and removes sources that are
gone; data and generated sources stay as they are. Nothing is built.
"""

import argparse
import ast
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "BUILD.bazel"
HEAD = 'load("//bazel:defs.bzl")\n'

RULES = {
    "STATIC_LIBRARY": "webhookd_library",
    "MODULE_LIBRARY": "webhookd_binary",
    "EXECUTABLE": "webhookd_binary",
}

# CMake's libraries of others, and Bazel's; None where Bazel needs nothing.
LIBRARIES = {
    "BoringSSL::crypto": "@boringssl//:crypto",
    "Boost::headers": "@system//:boost",
    "CLI11::CLI11": "@system//:CLI11",
    "CURL::libcurl": "@system//:libcurl",
    "GTest::gmock": "@system//:gmock",
    "GTest::gtest": "@system//:gtest",
    "GTest::gtest_main": "@system//:gtest_main",
    "OpenSSL::Crypto": "@system//:openssl",
    "OpenSSL::SSL": "@system//:openssl",
    "PkgConfig::RE2": "@system//:re2",
    "PkgConfig::JEMALLOC": "@system//:jemalloc",
    "SQLite::SQLite3": "@system//:sqlite3",
    "Threads::Threads": "@system//:threads",
    "ZLIB::ZLIB": "@system//:zlib",
    "benchmark::benchmark_main": "@system//:benchmark_main",
    "dl": None,
    "nlohmann_json::nlohmann_json": "@system//:nlohmann_json",
    "gRPC::grpc++": "@system//:grpc++",
    "gRPC::grpc++_reflection": "@system//:grpc++_reflection",
    "gRPC::grpcpp_channelz": "@system//:grpcpp_channelz",
    "protobuf::libprotobuf": "@system//:protobuf",
    "webhookd_flags": None,
    "yaml-cpp": "@system//:yaml-cpp",
}

# Only how CMake compiles.
CMAKE_ALONE = {"webhookd_pch", "webhookd_test_pch", "webhookd_tsan"}
# Generated code, whose rules are written by hand.
GENERATED = {"webhookd_proto": "//proto:proto",
             "webhookd_gateway_test_proto": "//tests/server/gateway:gateway_test_proto"}  # fmt: skip
# The page is for CMake alone: it needs npm. Bazel takes what CMake takes without Node.js.
CMAKE_SOURCES = {":page_files"}
BAZEL_SOURCES = {"server/page/no_page_files.cc"}


@dataclass
class CMakeTarget:
    folder: str
    name: str
    kind: str
    sources: list
    generated: list  # labels of what generates further sources, ":stem"
    linked: list

    def rule(self):
        if self.kind == "EXECUTABLE" and self.name.endswith("_test"):
            return "webhookd_test"
        return RULES[self.kind]

    def label(self):
        name = self.name.removeprefix("webhookd_")
        if self.kind == "MODULE_LIBRARY":
            name += ".so"
        return f"//{self.folder}:{name}"


@dataclass
class BuildTarget:
    """A call in a BUILD file."""

    package: str
    rule: str
    name: str
    call: ast.Call
    lists: dict = field(default_factory=dict)  # attribute to its strings, for plain lists

    def attribute(self, name):
        return next((keyword.value for keyword in self.call.keywords if keyword.arg == name), None)


class BuildFile:
    def __init__(self, folder):
        self.folder = folder
        self.path = ROOT / folder / NAME
        self.text = self.path.read_text() if self.path.exists() else HEAD
        self.targets = {}
        self._parse()

    def _parse(self):
        self.targets = {}
        for statement in ast.parse(self.text, str(self.path)).body:
            call = getattr(statement, "value", None)
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            target = BuildTarget(self.folder, call.func.id, "", call)
            for keyword in call.keywords:
                try:
                    value = ast.literal_eval(keyword.value)
                except ValueError:
                    continue  # computed, and so left alone
                if keyword.arg == "name":
                    target.name = value
                elif isinstance(value, list):
                    target.lists[keyword.arg] = value
            if target.name:
                self.targets[target.name] = target

    def _offset(self, line, column):
        lines = self.text.encode().splitlines(keepends=True)
        return len(b"".join(lines[: line - 1])) + column

    def _replace(self, begin, end, text):
        data = self.text.encode()
        self.text = (data[:begin] + text.encode() + data[end:]).decode()
        self._parse()

    def set_list(self, name, attribute, values):
        """Writes an attribute of a target."""
        target = self.targets[name]
        node = target.attribute(attribute)
        if node is not None:
            begin = self._offset(node.lineno, node.col_offset)
            self._replace(begin, self._offset(node.end_lineno, node.end_col_offset), format_list(values))
        else:
            end = self._offset(target.call.end_lineno, target.call.end_col_offset) - 1
            self._replace(end, end, f"    {attribute} = {format_list(values)},\n")

    def add(self, rule, name):
        self.text += f'\n{rule}(\n    name = "{name}",\n    srcs = [],\n)\n'
        self._parse()

    def remove(self, name):
        call = self.targets[name].call
        begin = self._offset(call.lineno, call.col_offset)
        self._replace(begin, self._offset(call.end_lineno, call.end_col_offset), "")
        self.text = re.sub(r"\n{3,}", "\n\n", self.text).rstrip("\n") + "\n"
        self._parse()

    def write(self):
        used = {target.rule for target in self.targets.values() if target.rule.startswith("webhookd_")}
        loaded = "".join(f', "{rule}"' for rule in sorted(used))
        self.text = re.sub(r'load\("//bazel:defs.bzl"[^)]*\)', f'load("//bazel:defs.bzl"{loaded})', self.text)
        self.path.write_text(self.text)


def format_list(values):
    if not values:
        return "[]"
    if len(values) == 1:
        return f'["{values[0]}"]'
    return "[\n" + "".join(f'        "{value}",\n' for value in values) + "    ]"


def label_order(label):
    """As buildifier sorts them: files, then what is of the package, of the repository, of others."""
    phase = next((i for i, start in enumerate((":", "//", "@"), 1) if label.startswith(start)), 0)
    return (phase, re.split("[:.]", label))


def read_cmake(path):
    targets = []
    for line in path.read_text().splitlines():
        folder, name, kind, sources, linked = line.split("|")
        if kind in RULES and name not in CMAKE_ALONE and name not in GENERATED:
            sources = [source for source in sources.split(";") if source not in CMAKE_SOURCES]
            generated = [source for source in sources if source.startswith(":")]
            sources = [source for source in sources if not source.startswith(":")]
            targets.append(CMakeTarget(folder, name, kind, sources, generated, linked.split(";")))
    return targets


class Tree:
    """All BUILD files, and how CMake's targets are called in them."""

    def __init__(self, cmake_targets):
        folders = {path.parent.relative_to(ROOT).as_posix() for path in build_files()}
        folders |= {target.folder for target in cmake_targets}
        self.files = {folder: BuildFile(folder) for folder in sorted(folders)}
        self.labels = {**GENERATED, **{target.name: target.label() for target in cmake_targets}}

    def package_of(self, path):
        folder = Path(path).parent
        while folder.as_posix() not in self.files:
            folder = folder.parent
        return "" if folder.as_posix() == "." else folder.as_posix()

    def target(self, label):
        folder, _, name = label.removeprefix("//").partition(":")
        file = self.files.get(folder)
        return file.targets.get(name) if file else None

    def source_label(self, path, package):
        owner = self.package_of(path)
        inside = Path(path).relative_to(owner).as_posix()
        return inside if owner == package else f"//{owner}:{inside}"


def build_files():
    ignored = [ROOT / line for line in (ROOT / ".bazelignore").read_text().split()]
    for path in sorted(ROOT.rglob(NAME)):
        if not any(folder in path.parents for folder in ignored):
            yield path


def full_label(label, package):
    if label.startswith(":"):
        return f"//{package}{label}"
    if label.startswith("//") and ":" not in label:
        return f"{label}:{label.rpartition('/')[2]}"
    return label


def short_label(label, package):
    if label.startswith(f"//{package}:"):
        return label.removeprefix(f"//{package}")
    folder, _, name = label.partition(":")
    return folder if label.startswith("//") and folder.rpartition("/")[2] == name else label


def source_path(label, package):
    """The file that an entry of srcs names; the label itself for what is generated."""
    if label.startswith("//"):
        return label.removeprefix("//").replace(":", "/")
    return label if label.startswith(":") else f"{package}/{label}"


def cmake_libraries(target, labels, problems):
    result = []
    for linked in target.linked:
        name = linked.removeprefix("$<TARGET_NAME_IF_EXISTS:").removesuffix(">")
        if name.startswith("::@"):
            continue  # CMake's mark of a folder
        if name.startswith("absl::"):
            result.append("@system//:absl_" + name.removeprefix("absl::"))
        elif name in labels:
            result.append(labels[name])
        elif name not in LIBRARIES:
            problems.append(f"tools/bazel_sources.py: LIBRARIES has no {name}, which {target.name} links")
        elif LIBRARIES[name]:
            result.append(LIBRARIES[name])
    return list(dict.fromkeys(result))


def check_target(target, tree, fix):
    """What is wrong with a target; with `fix` it is put right as far as possible."""
    problems = []
    file = tree.files[target.folder]
    where = f"{target.folder}/{NAME}"
    name = target.label().partition(":")[2]
    found = file.targets.get(name)
    if found is None:
        if not fix:
            return [f"{where}: {target.rule()}(name = \"{name}\") is missing, which CMake builds as {target.name}"]
        file.add(target.rule(), name)
        found = file.targets[name]
    elif found.rule != target.rule():
        problems.append(f"{where}: \"{name}\" is a {found.rule} and should be a {target.rule()}")

    entries = found.lists.get("srcs", [])
    present = {source_path(entry, target.folder): entry for entry in entries}
    wanted = set(target.sources)
    missing = sorted(wanted - set(present))
    gone = [path for path in present
            if path.endswith(".cc") and path not in wanted and path not in BAZEL_SOURCES]  # fmt: skip
    made = [label for label in target.generated if label not in entries and label[1:] in file.targets]
    problems += [f"{where}: \"{label[1:]}\" is missing, a genrule that writes what CMake generates for {target.name}"
                 for label in target.generated if label[1:] not in file.targets]  # fmt: skip
    if fix and (missing or gone or made):
        kept = [entry for path, entry in present.items() if path not in gone]
        added = [tree.source_label(path, target.folder) for path in missing] + made
        file.set_list(name, "srcs", sorted(kept + added, key=label_order))
    else:
        problems += [f"{where}: srcs of \"{name}\" lack \"{label}\""
                     for label in [tree.source_label(path, target.folder) for path in missing] + made]  # fmt: skip
        problems += [f"{where}: srcs of \"{name}\" have {present[path]}, which CMake's {target.name} does not build"
                     for path in gone]  # fmt: skip

    deps = found.lists.get("deps", [])
    have = {full_label(label, target.folder) for label in deps}
    lacking = [short_label(label, target.folder)
               for label in cmake_libraries(target, tree.labels, problems) if label not in have]  # fmt: skip
    if fix and lacking:
        file.set_list(name, "deps", sorted(deps + lacking, key=label_order))
    else:
        problems += [f"{where}: deps of \"{name}\" lack \"{label}\"" for label in lacking]
    return problems


def check_left_over(cmake_targets, tree, fix):
    known = {target.label() for target in cmake_targets}
    problems = []
    for folder, file in tree.files.items():
        for name, target in list(file.targets.items()):
            if target.rule not in ("webhookd_library", "webhookd_test", "webhookd_binary"):
                continue
            if f"//{folder}:{name}" in known:
                continue
            if fix:
                file.remove(name)
            else:
                problems.append(f"{folder}/{NAME}: \"{name}\" is built by no CMake target")
    return problems


class Includes:
    """Whether what a target's sources include, directly or not, belongs to its libraries."""

    def __init__(self, tree):
        self._tree = tree
        self._included = {}
        self._closures = {}

    def _includes_of(self, path):
        if path not in self._included:
            text = (ROOT / path).read_text(errors="replace")
            self._included[path] = re.findall(r'^\s*#\s*include "([^"]+)"', text, re.MULTILINE)
        return self._included[path]

    def _closure(self, label):
        """The labels of all libraries that a target is built with."""
        if label not in self._closures:
            self._closures[label] = result = {label}
            target = self._tree.target(label)
            for dep in target.lists.get("deps", []) if target else []:
                result |= self._closure(full_label(dep, target.package))
        return self._closures[label]

    def missing(self, folder, name):
        """(file, what it includes, the folder of that) for each that no library brings."""
        labels = self._closure(f"//{folder}:{name}")
        packages = {label.removeprefix("//").partition(":")[0] for label in labels}
        target = self._tree.files[folder].targets[name]
        paths = [source_path(entry, folder) for entry in target.lists.get("srcs", [])]
        waiting = [path for path in paths if (ROOT / path).is_file()]
        reached = set(waiting)
        while waiting:
            path = waiting.pop()
            for included in self._includes_of(path):
                if included in reached:
                    continue
                if (ROOT / included).exists():
                    owner = self._tree.package_of(included)
                    waiting.append(included)
                elif (ROOT / "proto" / (included.partition(".")[0] + ".proto")).exists():
                    owner = "proto"  # generated from it
                else:
                    continue
                reached.add(included)
                if owner not in packages:
                    yield path, included, owner


def check_includes(target, tree, fix):
    folder, _, name = target.label().removeprefix("//").partition(":")
    file = tree.files[folder]
    if name not in file.targets:
        return []
    if fix:
        for _, _, owner in list(Includes(tree).missing(folder, name)):
            label = full_label(f"//{owner}", folder)
            deps = file.targets[name].lists.get("deps", [])
            if owner != folder and tree.target(label) and f"//{owner}" not in deps:
                file.set_list(name, "deps", sorted([*deps, f"//{owner}"], key=label_order))
    return [f"{folder}/{NAME}: {path} of \"{name}\" includes {included}, but no library of {owner}/ is in deps"
            for path, included, owner in Includes(tree).missing(folder, name)]  # fmt: skip


def check_version(fix):
    version = re.search(r"^project\(webhookd VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
    path = ROOT / "bazel" / "version.bzl"
    right = f'"""CMake\'s version of the project; tools/bazel_sources.py compares."""\n\nVERSION = "{version}"\n'
    if path.read_text() == right:
        return []
    if fix:
        path.write_text(right)
        return []
    return [f"bazel/version.bzl: the version is {version} in CMakeLists.txt"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fix", action="store_true", help="write what is missing")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release", help="CMake's build folder")
    arguments = parser.parse_args()
    described = arguments.build / "targets.txt"
    if not described.exists():
        sys.exit(f"bazel_sources: {described} is missing; CMake writes it: cmake --preset dev")

    targets = read_cmake(described)
    tree = Tree(targets)
    problems = check_version(arguments.fix)
    problems += check_left_over(targets, tree, arguments.fix)
    for target in targets:
        problems += check_target(target, tree, arguments.fix)
    for target in targets:
        problems += check_includes(target, tree, arguments.fix)
    if arguments.fix:
        for file in tree.files.values():
            if any(target.rule.startswith("webhookd_") for target in file.targets.values()):
                file.write()

    problems = list(dict.fromkeys(problems))
    for problem in problems:
        print(problem)
    if problems:
        hint = "what is left is for you" if arguments.fix else "tools/bazel_sources.py --fix writes what it can"
        sys.exit(f"bazel_sources: {len(problems)} differences between CMake and Bazel; {hint}")
    print(f"CMake and Bazel build the same {sum(len(target.sources) for target in targets)} sources"
          f" in {len(targets)} targets")  # fmt: skip


if __name__ == "__main__":
    main()
