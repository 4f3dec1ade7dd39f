# SPDX-License-Identifier: MIT
#
# Every examples/*.c is a program on the public headers and libweft.so, as a stranger would build it; those that end in
# _only need no more than libweft-core.a.
# Those with libuv in their name are built where libuv is. Every bench/*.c is a program on libweft-inside.a, with
# LTO as the program weft is.

pkg_check_modules(libuv IMPORTED_TARGET libuv)

function(weft_programs room library)
    file(GLOB sources CONFIGURE_DEPENDS ${room}/*.c)
    foreach(source IN LISTS sources)
        get_filename_component(name ${source} NAME_WE)
        set(target ${room}-${name})
        if(name MATCHES "libuv" AND NOT libuv_FOUND)
            message(STATUS "${room}/${name}.c is left out: no libuv (libuv1-dev)")
            continue()
        endif()
        add_executable(${target} ${source})
        set_target_properties(${target} PROPERTIES
            OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${room})
        if(name MATCHES "_only$")
            target_link_libraries(${target} PRIVATE weft-core)
        else()
            target_link_libraries(${target} PRIVATE ${library} Threads::Threads)
        endif()
        if(name MATCHES "libuv")
            target_link_libraries(${target} PRIVATE PkgConfig::libuv)
        endif()
    endforeach()
endfunction()

# Without libweft.so it is libweft.a.
set(library weft)
if(NOT WEFT_SHARED)
    set(library weft-static)
endif()
weft_programs(examples ${library})

# The same in C++, where there is a compiler for it of the same make (sanitizers of two do not mix).
include(CheckLanguage)
check_language(CXX)
if(CMAKE_CXX_COMPILER)
    enable_language(CXX)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL CMAKE_C_COMPILER_ID)
    file(GLOB sources CONFIGURE_DEPENDS examples/cpp/*.cpp)
    foreach(source IN LISTS sources)
        get_filename_component(name ${source} NAME_WE)
        add_executable(examples-cpp-${name} ${source})
        set_target_properties(examples-cpp-${name} PROPERTIES
            OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/examples/cpp
            CXX_STANDARD 17 CXX_EXTENSIONS OFF)
        if(name MATCHES "cpp11")
            set_target_properties(examples-cpp-${name} PROPERTIES CXX_STANDARD 11)
        endif()
        target_compile_options(examples-cpp-${name} PRIVATE -pedantic)
        target_link_libraries(examples-cpp-${name} PRIVATE ${library} Threads::Threads)
    endforeach()
else()
    message(STATUS "examples/cpp/ is left out: no C++ compiler that goes with ${CMAKE_C_COMPILER}")
endif()
weft_programs(bench weft-inside)

# The encoders that bench/deflate.c compares; libdeflate where it is.
if(TARGET bench-deflate)
    pkg_check_modules(libdeflate IMPORTED_TARGET libdeflate)
    target_link_libraries(bench-deflate PRIVATE ${compression})
    if(libdeflate_FOUND)
        target_compile_definitions(bench-deflate PRIVATE HAVE_LIBDEFLATE)
        target_link_libraries(bench-deflate PRIVATE PkgConfig::libdeflate)
    endif()
endif()

# bench/kernels.c looks inside.
if(TARGET bench-kernels)
    target_include_directories(bench-kernels PRIVATE src)
endif()

# The lock that bench/hot_topic.c measures is led through it.
if(TARGET bench-hot_topic)
    target_link_options(bench-hot_topic PRIVATE
        -Wl,--wrap=pthread_mutex_lock,--wrap=pthread_mutex_unlock -fno-lto)
endif()
