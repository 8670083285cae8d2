/* How far something is, as one line on stderr that is written over: for a terminal. */
#ifndef AUR_APP_BAR_H
#define AUR_APP_BAR_H

#include <stdbool.h>
#include <stddef.h>

#define AUR_BAR_LINE_SIZE 128

/* The line for a terminal of so many columns: a bar, how far it is, how long it will still take, and as many of the pieces, the
 * first first, as fit. part: 0 to 1; what is beyond is taken for the end. At least three columns stay free, as ^C is echoed there.
 * Returns out. */
const char *aur_bar_line(char out[AUR_BAR_LINE_SIZE], int columns, double part, double took_s,
                         const char *const pieces[], size_t n);
/* Writes it over what was there. */
void aur_bar_show(double part, double took_s, const char *const pieces[], size_t n);
/* Takes it off. */
void aur_bar_clear(void);

#endif
