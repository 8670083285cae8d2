/* Large stretches of memory. Not on the render thread. */
#ifndef AUR_SYNTH_MEMORY_H
#define AUR_SYNTH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* At least so many bytes, all zero, from an address that is a multiple of 64. Large ones lie in large pages where the
 * system has them: fewer to be made at the start and to be found later. whole: all of them are made now, so that whoever
 * writes there first does not wait for the system; else they come as they are touched. NULL: no memory. */
void *aur_memory_new(size_t bytes, bool whole);
void aur_memory_free(void *memory); /* NULL is legal */

#endif
