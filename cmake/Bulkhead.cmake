# How every part of the house is built: one call per folder, and the files are found by their names.
#   foo.cc        belongs to the folder's static library
#   foo_test.cc   belongs to the folder's one unit-test program (GoogleTest), <folder>_test
#   fuzz/foo_fuzz.cc and benchmarks/foo_bench.cc are programs of their own

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(BULKHEAD_FUZZ "Build fuzz targets with libFuzzer instead of the corpus-replaying driver" OFF)
set(BULKHEAD_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Paths below the checkout count as relative ones, so that worktrees and clean clones share what one of them compiled.
  set(launcher env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

add_library(bulkhead_options INTERFACE)
target_include_directories(bulkhead_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_options(bulkhead_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wimplicit-fallthrough -Wformat=2 -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Leaving fields at their defaults is what designated initializers are for.
  target_compile_options(bulkhead_options INTERFACE -Wthread-safety -Wunused-result
    -Wno-missing-designated-field-initializers)
  target_link_options(bulkhead_options INTERFACE -fuse-ld=lld)
endif()
target_link_options(bulkhead_options INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)
target_link_libraries(bulkhead_options INTERFACE Threads::Threads)
if(BULKHEAD_SANITIZE)
  target_compile_options(bulkhead_options INTERFACE "-fsanitize=${BULKHEAD_SANITIZE}" -fno-sanitize-recover=all)
  target_link_options(bulkhead_options INTERFACE "-fsanitize=${BULKHEAD_SANITIZE}")
else()
  target_compile_definitions(bulkhead_options INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
endif()
if(BULKHEAD_FUZZ)
  target_compile_options(bulkhead_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

add_library(bulkhead_test_data STATIC "${CMAKE_SOURCE_DIR}/src/base/test_data.cc")
target_link_libraries(bulkhead_test_data PUBLIC bulkhead_options)
target_compile_definitions(bulkhead_test_data PRIVATE BULKHEAD_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

# Every unit test and corpus replay, for `./dev unit`.
add_custom_target(unit_tests)

# bulkhead_library(<folder> DEPENDS <folder>… [PRIVATE <target>…])
# The static library bulkhead_<folder> of all *.cc here, and <folder>_test of all *_test.cc.
# DEPENDS names other folders; PRIVATE names third-party targets that only our .cc files may see.
function(bulkhead_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "*.cc" "*/*.cc")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main|/test_[a-z_]+)\\.cc$")

  add_library(bulkhead_${name} STATIC ${sources})
  target_link_libraries(bulkhead_${name} PUBLIC bulkhead_options)
  foreach(dependency ${arg_DEPENDS})
    target_link_libraries(bulkhead_${name} PUBLIC bulkhead_${dependency})
  endforeach()
  target_link_libraries(bulkhead_${name} PRIVATE ${arg_PRIVATE})

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE bulkhead_${name} bulkhead_test_data GTest::gtest GTest::gmock
      GTest::gtest_main ${arg_PRIVATE})
    target_compile_definitions(${name}_test PRIVATE BULKHEAD_FOLDER="${name}")
    # Tests are compiled more often than they are run: a third less time for their half of a clean build.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Debug>:-O0>)
    add_dependencies(unit_tests ${name}_test)
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()
endfunction()

# bulkhead_embed(<folder> <text file> <kSymbol>)
# Makes "<folder>/<name of the file>.h" with `inline constexpr std::string_view kSymbol`, the file's text, in the folder's
# namespace. Data lives in data files; the program carries them.
function(bulkhead_embed folder file symbol)
  get_filename_component(stem "${file}" NAME_WE)
  string(REPLACE "-" "_" stem "${stem}")
  set(header "${CMAKE_BINARY_DIR}/generated/${folder}/${stem}.h")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  file(READ "${file}" text)
  file(WRITE "${header}.new" "// Made from src/${folder}/${file}: edit that.
#pragma once
#include <string_view>
namespace bulkhead::${folder} {
inline constexpr std::string_view ${symbol} = R\"embedded(${text})embedded\";
}
")
  file(COPY_FILE "${header}.new" "${header}" ONLY_IF_DIFFERENT)
  target_include_directories(bulkhead_${folder} PRIVATE "${CMAKE_BINARY_DIR}/generated")
  if(TARGET ${folder}_test)
    target_include_directories(${folder}_test PRIVATE "${CMAKE_BINARY_DIR}/generated")
  endif()
endfunction()
