target_sources(${name} PRIVATE ${folder}/sample.c)
target_include_directories(${name} PRIVATE ${folder})
