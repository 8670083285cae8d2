/* The progress bar. On whichever thread tells of progress; the kernel keeps no line of it, and neither does this.
 *
 * A line that is wider than the terminal wraps, and then nothing takes its first half off again: so the width is asked for each
 * time, and what matters least is left out. Spaces, not escape codes, cover what was there: any terminal knows them. */
#include "app/bar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80
#define COLUMNS_LEAST   27 /* what is always there takes so many */
#define FREE            3  /* columns */
#define BAR_LEAST       5
#define BAR_MOST        40
#define AFTER_SIZE      80 /* of what stands after the bar */
#define HOURS_MOST      99

/* ` 37 %  0:00:12 left`; until something is done nobody knows how long it takes. */
static int put_state(char *out, size_t size, double part, double took_s)
{
    const double left_s = part > 0 ? fmin(ceil(took_s * (1 - part) / part), HOURS_MOST * 3600 + 3599) : 0;
    const unsigned s = (unsigned)left_s;
    if (part <= 0)
        return snprintf(out, size, " %3.0f %%  -:--:-- left", 0.0);
    return snprintf(out, size, " %3.0f %%  %u:%02u:%02u left", floor(100 * part), s / 3600, s / 60 % 60, s % 60);
}

const char *aur_bar_line(char out[AUR_BAR_LINE_SIZE], int columns, double part, double took_s,
                         const char *const pieces[], size_t n)
{
    char bar[BAR_MOST + 1], after[AFTER_SIZE];
    int room = (columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns) - FREE - 2;
    part = fmin(fmax(part, 0), 1);
    if (room > BAR_LEAST + AFTER_SIZE - 1)
        room = BAR_LEAST + AFTER_SIZE - 1;
    size_t len = (size_t)put_state(after, sizeof after, part, took_s);
    for (size_t i = 0; i < n && (int)(len + strlen(pieces[i])) + BAR_LEAST <= room; i++)
        len += (size_t)snprintf(after + len, sizeof after - len, "%s", pieces[i]);
    int width = room - (int)len;
    width = width < 1 ? 1 : width > BAR_MOST ? BAR_MOST : width;
    memset(bar, ' ', (size_t)width);
    memset(bar, '#', (size_t)(part * width));
    bar[width] = '\0';
    snprintf(out, AUR_BAR_LINE_SIZE, "[%s]%s", bar, after);
    return out;
}

static int columns_of_terminal(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS_DEFAULT;
}

void aur_bar_show(double part, double took_s, const char *const pieces[], size_t n)
{
    char line[AUR_BAR_LINE_SIZE];
    const int columns = columns_of_terminal();
    const int covered = columns < AUR_BAR_LINE_SIZE ? columns - FREE : AUR_BAR_LINE_SIZE;
    fprintf(stderr, "\r%-*s", covered, aur_bar_line(line, columns, part, took_s, pieces, n));
}

void aur_bar_clear(void)
{
    const int columns = columns_of_terminal();
    fprintf(stderr, "\r%*s\r", columns - 1, "");
}
