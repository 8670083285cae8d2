/* Large stretches of memory. Not on the render thread. */
#ifndef AUR_SYNTH_MEMORY_H
#define AUR_SYNTH_MEMORY_H

#include <stddef.h>

/* At least so many bytes from an address that is a multiple of 64, as malloc leaves them; for free(). Large ones lie in
 * large pages where the system has them: fewer to be made at the start and to be found later. NULL: no memory. */
void *aur_memory_new(size_t bytes);

#endif
