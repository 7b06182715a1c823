# Defines the imported target BoringSSL::crypto: BoringSSL's libcrypto, static, with every symbol
# renamed to webhookd_bssl_*, so that it can live in one process with the OpenSSL of gRPC and libcurl.
# It is built once, at configure time, by tools/build-boringssl.sh and shared by all build folders.
#
# Link it PRIVATE, and only to targets whose sources include no OpenSSL header: the two share header
# names. A source file that includes both is stopped by an #error in <openssl/base.h>.
#
# Options: BORINGSSL_SOURCE_DIR  another BoringSSL source tree to build
#          WEBHOOKD_DEPS_DIR     folder of the built dependencies

include_guard(GLOBAL)

set(BORINGSSL_SOURCE_DIR "$ENV{BORINGSSL_SOURCE_DIR}" CACHE PATH
    "BoringSSL source tree to use instead of Debian's source package")
set(WEBHOOKD_DEPS_DIR "${CMAKE_CURRENT_LIST_DIR}/../../build/deps" CACHE PATH
    "Folder of the dependencies that are built from source")
get_filename_component(_boringssl_deps_dir "${WEBHOOKD_DEPS_DIR}" ABSOLUTE)
get_filename_component(_boringssl_script "${CMAKE_CURRENT_LIST_DIR}/../build-boringssl.sh" ABSOLUTE)

execute_process(
  COMMAND ${CMAKE_COMMAND} -E env "BORINGSSL_SOURCE_DIR=${BORINGSSL_SOURCE_DIR}"
          "WEBHOOKD_DEPS_DIR=${_boringssl_deps_dir}" "${_boringssl_script}" --print-dir
  OUTPUT_VARIABLE _boringssl_dir
  OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE _boringssl_result)
if(NOT _boringssl_result EQUAL 0)
  message(FATAL_ERROR "BoringSSL could not be built; the reason is above. "
                      "-DBORINGSSL_SOURCE_DIR=<tree> uses a tree you have; see docs/install.md.")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${_boringssl_script}")

find_package(Threads REQUIRED)
add_library(BoringSSL::crypto STATIC IMPORTED GLOBAL)
set_target_properties(
  BoringSSL::crypto
  PROPERTIES IMPORTED_LOCATION "${_boringssl_dir}/lib/libcrypto.a"
             IMPORTED_LINK_INTERFACE_LANGUAGES CXX
             INTERFACE_INCLUDE_DIRECTORIES "${_boringssl_dir}/include"
             INTERFACE_LINK_LIBRARIES Threads::Threads)
unset(_boringssl_deps_dir)
unset(_boringssl_script)
unset(_boringssl_result)
unset(_boringssl_dir)
