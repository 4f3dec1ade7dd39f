# SPDX-License-Identifier: MIT
#
# What `make install` puts where: the program, three libraries, headers, pkg-config files, the CMake
# package, man pages, what is to be read, and the examples.

include(CMakePackageConfigHelpers)

install(TARGETS weft-static weft-core EXPORT weft-targets)
if(TARGET weft)
    install(TARGETS weft EXPORT weft-targets)
endif()
install(DIRECTORY include/weft TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
if(TARGET weft-program)
    install(TARGETS weft-program)

    # systemd looks below /usr, /usr/local and /etc; the unit names the program by where it will be.
    file(READ docs/weft.service unit)
    string(REPLACE "/usr/local/bin/" "${CMAKE_INSTALL_FULL_BINDIR}/" unit "${unit}")
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/weft.service CONTENT "${unit}" @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/weft.service docs/weft.socket DESTINATION lib/systemd/system)
endif()

foreach(section 1 3 7)
    file(GLOB pages CONFIGURE_DEPENDS docs/man/*.${section})
    if(pages)
        install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
    endif()
endforeach()

install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING
    PATTERN "*.md" PATTERN "*.svg" PATTERN man EXCLUDE)
install(FILES README.md CHANGELOG.md SECURITY.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN ".*" EXCLUDE)

# What the libraries need of others, as pkg-config calls them.
if(WEFT_DEFLATE)
    set(weft_core_requires zlib libisal)
endif()
set(weft_requires ${weft_core_requires})
if(WEFT_TLS)
    list(APPEND weft_requires libssl libcrypto)
endif()
if(with_uring)
    list(APPEND weft_requires liburing)
endif()
list(JOIN weft_core_requires " " weft_core_requires)
list(JOIN weft_requires " " weft_requires)
foreach(pc weft weft-core)
    configure_file(cmake/${pc}.pc.in ${pc}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${pc}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)
configure_package_config_file(cmake/weft-config.cmake.in weft-config.cmake
    INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(weft-config-version.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT weft-targets NAMESPACE weft:: DESTINATION ${package_dir})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/weft-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/weft-config-version.cmake DESTINATION ${package_dir})
