# cmake -D OUT=FILE.c -D FOLDER=scripts -D TEXTS=a;b;c -P embed.cmake: the texts as C arrays, with a table of their names in the
# folder and their hashes.
function(as_bytes out hex)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n    " bytes "${bytes}")
  set(${out} "${bytes}" PARENT_SCOPE)
endfunction()

set(arrays "")
set(rows "")
set(count 0)
list(SORT TEXTS)
foreach(text ${TEXTS})
  file(READ ${text} hex HEX)
  file(SHA256 ${text} sum)
  file(RELATIVE_PATH name ${FOLDER} ${text})
  as_bytes(bytes "${hex}")
  as_bytes(sum "${sum}")
  string(APPEND arrays "static const char text_${count}[] = {\n    ${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", text_${count}, sizeof text_${count} - 1, {${sum}}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUT} "#include \"shipped/shipped.h\"\n\n${arrays}\nconst struct aur_shipped aur_shipped_texts[] = {\n${rows}};\n"
  "const size_t aur_shipped_count = ${count};\n")
