# cmake -D OUT=FILE.c -D TEXTS=a;b;c -P build.cmake: one hash of all the texts, in the order of their names.
list(SORT TEXTS)
set(all "")
foreach(text ${TEXTS})
  file(SHA256 ${text} one)
  string(APPEND all ${one})
endforeach()
string(SHA256 hash "${all}")
file(WRITE ${OUT} "#include \"synth/build.h\"\n\nconst char aur_synth_build[] = \"${hash}\";\n")
