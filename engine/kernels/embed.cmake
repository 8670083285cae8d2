# cmake -D OUT=FILE.c -D TEXTS=a;b;c -P embed.cmake: the texts, one after the other, as a C array. Lines that include
# a file are left out: what they name is among the texts.
set(all "")
foreach(text ${TEXTS})
  file(READ ${text} one)
  string(REGEX REPLACE "\n#include \"[^\n]*" "" one "${one}")
  get_filename_component(name ${text} NAME)
  string(APPEND all "#line 1 \"${name}\"\n${one}\n")
endforeach()
string(HEX "${all}" hex)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n    " bytes "${bytes}")
file(WRITE ${OUT} "#include \"kernels/opencl_text.h\"\n\nconst char aur_opencl_text[] = {\n    ${bytes}0};\n")
