/* Log lines: formatted into one buffer under a mutex, written whole. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/diagnostic.h"

#define TEXT_BYTES 2048

struct aur_log {
    enum aur_log_level level;
    pthread_mutex_t lock;
    FILE *file;
};

static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};

/* Makes the parent folders of path; what fails shows when the file is opened. */
static void make_parents(const char *path)
{
    char part[4096];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return;
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        mkdir(part, 0777);
        *p = '/';
    }
}

int aur_log_new(struct aur_log **out, enum aur_log_level level, const char *path, struct aur_error *err)
{
    struct aur_log *log = calloc(1, sizeof *log);
    if (!log)
        return aur_error_set(err, AUR_ENOMEM, "log: out of memory");
    log->level = level;
    pthread_mutex_init(&log->lock, NULL);
    if (path && *path) {
        make_parents(path);
        log->file = fopen(path, "a");
        if (!log->file) {
            int rc = aur_error_set(err, AUR_EIO, "log file %s: %s", path, strerror(errno));
            aur_log_free(log);
            return rc;
        }
    }
    *out = log;
    return AUR_OK;
}

void aur_log_free(struct aur_log *log)
{
    if (!log)
        return;
    if (log->file)
        fclose(log->file);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

/* No line but the first begins where a line of the log does: a script's text must not look like one. */
static void indent(char out[3 * TEXT_BYTES], const char *text)
{
    for (; *text; text++) {
        *out++ = *text;
        for (int i = 0; *text == '\n' && text[1] != ' ' && i < 2; i++)
            *out++ = ' ';
    }
    *out = '\0';
}

void aur_log(struct aur_log *log, enum aur_log_level level, const char *subject, const char *fmt, ...)
{
    if (!log || level < log->level)
        return;
    char time[AUR_ISO8601_SIZE], text[TEXT_BYTES], lines[3 * TEXT_BYTES];
    aur_clock_iso8601(time);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    aur_text_make_readable(text);
    indent(lines, text);
    pthread_mutex_lock(&log->lock);
    fprintf(stderr, "%s %s %s: %s\n", time, level_names[level], subject, lines);
    if (log->file) {
        fprintf(log->file, "%s %s %s: %s\n", time, level_names[level], subject, lines);
        fflush(log->file);
    }
    pthread_mutex_unlock(&log->lock);
}

int aur_log_level_parse(enum aur_log_level *out, const char *text)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++)
        if (strcasecmp(text, level_names[i]) == 0) {
            *out = (enum aur_log_level)i;
            return AUR_OK;
        }
    return AUR_EINVAL;
}
