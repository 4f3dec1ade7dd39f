# SPDX-License-Identifier: MIT
#
# Every fuzz/fuzz_*.c is a libFuzzer program; `make fuzz` runs them (tools/fuzz). fuzz-seeds writes what they
# start from, made of tests/cases.

if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "WEFT_FUZZ needs clang (libFuzzer): cmake --preset fuzz")
endif()

# The libraries are instrumented for coverage by add_compile_options() in the preset's flags; only the
# programs take libFuzzer's main().
file(GLOB sources CONFIGURE_DEPENDS fuzz/fuzz_*.c)
foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    set_target_properties(${name} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/fuzz)
    target_include_directories(${name} PRIVATE src tests fuzz)
    target_link_libraries(${name} PRIVATE weft-inside)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
foreach(name fuzz_cli fuzz_config fuzz_snapshot)
    target_link_libraries(${name} PRIVATE weft-cli)
endforeach()
foreach(name fuzz_jwt fuzz_signed)
    target_link_libraries(${name} PRIVATE weft-access)
endforeach()

add_executable(fuzz-seeds fuzz/seeds.c)
target_include_directories(fuzz-seeds PRIVATE tests)
target_link_libraries(fuzz-seeds PRIVATE weft-inside)
