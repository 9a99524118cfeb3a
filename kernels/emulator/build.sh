#!/usr/bin/env bash
# Builds the emulated driver, and beside it the stand-ins for cuBLAS and cuDNN; prints the folder that holds its
# libcuda.so.1. The stand-ins are in the folder stand-ins there.
#   build.sh [FOLDER]     FOLDER: where builds are kept, one a content hash (default: ../target/emulator)
# Exit status 3 where there is no C++ compiler.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$here/../target/emulator}
compiler=${WEFT_EMULATOR_CXX:-}
for candidate in g++ clang++; do
    [ -n "$compiler" ] || ! command -v "$candidate" >/dev/null || compiler=$candidate
done
[ -n "$compiler" ] || { echo "no C++ compiler (g++ or clang++) on the PATH" >&2; exit 3; }

# (only what checks memory is worth more than -O1)
flags=(-std=c++17 -Wall -Wextra -fPIC -fvisibility=hidden -pthread)
hash=$(cd "$here" && { cat build.sh imports.txt src/* stand-ins/*; "$compiler" --version; } | sha256sum | cut -c1-16)
out=$folder/driver-$hash
if [ ! -e "$out/libcuda.so.1" ]; then
    work=$out.$$
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work"
    # the header that translated kernels include, as string literals (a compiler need not take very long ones)
    while IFS= read -r line; do printf 'R"WEFT(%s\n)WEFT"\n' "$line"; done <"$here/src/device_runtime.h" >"$work/device_runtime_text.inc"
    # one weak stub for each of JCuda's imports; the functions that are implemented override theirs
    {
        echo 'namespace weft { int unsupported(const char* name); }'
        while read -r name; do
            echo "extern \"C\" __attribute__((weak, visibility(\"default\"))) int $name() { return weft::unsupported(\"$name\"); }"
        done <"$here/imports.txt"
    } >"$work/stubs.cpp"
    # the stand-ins: likewise, with the version that JCuda's libraries ask for
    mkdir -p "$work/stand-ins"
    for library in cublas:12 cudnn:9; do
        name=${library%:*} soname=lib${library%:*}.so.${library#*:}
        {
            echo '#include "library_work.h"'
            while read -r function; do
                echo "extern \"C\" __attribute__((weak, visibility(\"default\"))) int $function() { weft::report(\"$function is not in the stand-in\"); return $([ "$name" = cublas ] && echo 15 || echo 3000); }"
            done <"$here/stand-ins/imports-$name.txt"
        } >"$work/$name-stubs.cpp.in"
        echo "$soname { global: $name*; local: *; };" >"$work/$name.map"
    done
    # two compilations at a time: the machine may be small
    printf '%s\n' "$here"/src/*.cpp "$work/stubs.cpp" |
        xargs -P 2 -I{} bash -c 'o=-O1; case "$1" in */scheduler.cpp|*/streams.cpp|*/memory.cpp) o=-O2;; esac; "$0" "${@:3}" $o -I"$2" -c "$1" -o "$2/$(basename "$1" .cpp).o"' "$compiler" {} "$work" "${flags[@]}"
    "$compiler" -shared -pthread -Wl,-soname,libcuda.so.1 -Wl,--no-undefined "$work"/*.o -o "$work/libcuda.so.1" -ldl
    for library in cublas:12 cudnn:9; do
        name=${library%:*} soname=lib${library%:*}.so.${library#*:}
        "$compiler" -shared "${flags[@]}" -O2 -I"$here/src" -Wl,-soname,"$soname" -Wl,--version-script="$work/$name.map" -Wl,--no-undefined \
            "$here/stand-ins/$name.cpp" -x c++ "$work/$name-stubs.cpp.in" -o "$work/stand-ins/$soname" -L"$work" -l:libcuda.so.1
    done
    mkdir -p "$out/stand-ins"
    mv -f "$work"/stand-ins/* "$out/stand-ins"
    mv -f "$work/libcuda.so.1" "$out/libcuda.so.1"
fi
echo "$(cd "$out" && pwd)"
