# Routes a test program's allocations through tests/support/failing_alloc.c.
function(aur_test_wraps_malloc target)
  foreach(function malloc calloc realloc aligned_alloc posix_memalign strdup strndup free)
    target_link_options(${target} PRIVATE -Wl,--wrap=${function})
  endforeach()
endfunction()
