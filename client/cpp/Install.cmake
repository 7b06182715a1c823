# `cmake --install BUILD --component client` installs the client library and the verifier with their
# headers, a CMake package and pkg-config files. tests/package builds against them.

include(GNUInstallDirs)
set(include_dir ${CMAKE_INSTALL_INCLUDEDIR}/webhookd)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/webhookd)

install(TARGETS webhookd_client webhookd_base webhookd_proto webhookd_signature_verifier
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client)
# BoringSSL's symbols are renamed, so that it can stand beside the OpenSSL of gRPC.
install(FILES $<TARGET_PROPERTY:BoringSSL::crypto,IMPORTED_LOCATION>
        DESTINATION ${CMAKE_INSTALL_LIBDIR} RENAME libwebhookd_crypto.a COMPONENT client)
install(FILES backoff.h channel.h event_client.h event_stream.h signature_verifier.h
        DESTINATION ${include_dir}/client/cpp COMPONENT client)
install(FILES ${CMAKE_SOURCE_DIR}/base/mutex.h DESTINATION ${include_dir}/base COMPONENT client)
install(DIRECTORY ${CMAKE_BINARY_DIR}/proto/gen/ DESTINATION ${include_dir} COMPONENT client
        FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY ${CMAKE_SOURCE_DIR}/proto/ DESTINATION ${CMAKE_INSTALL_DATADIR}/webhookd/proto
        COMPONENT client FILES_MATCHING PATTERN "*.proto")

# Every message and service, for grpcurl and whatever else reads descriptors.
file(GLOB_RECURSE proto_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/proto/*.proto)
set(descriptor_set ${CMAKE_CURRENT_BINARY_DIR}/webhookd.binpb)
add_custom_command(
  OUTPUT ${descriptor_set}
  COMMAND protobuf::protoc -I${CMAKE_SOURCE_DIR}/proto --include_imports --include_source_info
          --descriptor_set_out=${descriptor_set} ${proto_files}
  DEPENDS ${proto_files}
  COMMENT "Describing proto/ in webhookd.binpb"
  VERBATIM)
add_custom_target(webhookd_descriptor_set DEPENDS ${descriptor_set})
add_dependencies(webhookd_client webhookd_descriptor_set)
install(FILES ${descriptor_set} DESTINATION ${CMAKE_INSTALL_DATADIR}/webhookd COMPONENT client)

include(CMakePackageConfigHelpers)
configure_package_config_file(
  webhookd-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/webhookd-config.cmake
  INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/webhookd-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/webhookd-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/webhookd-config-version.cmake
        DESTINATION ${package_dir} COMPONENT client)

# From the folder of a .pc file to the prefix, so that `cmake --install --prefix` may name any.
file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
foreach(name webhookd-client webhookd-signature-verifier)
  configure_file(${name}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT client)
endforeach()
