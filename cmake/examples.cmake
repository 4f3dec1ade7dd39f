# SPDX-License-Identifier: MIT
#
# Every examples/*.c is a program on the public headers and libweft.so, as a stranger would build it.
# Those with libuv in their name are built where libuv is. Every bench/*.c is a program on
# libweft-inside.a, with LTO as the program weft is.

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
        target_link_libraries(${target} PRIVATE ${library} Threads::Threads)
        if(name MATCHES "libuv")
            target_link_libraries(${target} PRIVATE PkgConfig::libuv)
        endif()
    endforeach()
endfunction()

weft_programs(examples $<IF:$<TARGET_EXISTS:weft>,weft,weft-static>)
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
