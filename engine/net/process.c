/* The process as the system sees it, from /proc and getrusage. On the network thread, a fraction of a millisecond. */
#include "net/process.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* The number after a word that begins a line of the file; NAN. */
static double number_after(const char *path, const char *word)
{
    char line[256];
    double value = NAN;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, word, strlen(word)) == 0 && sscanf(line + strlen(word), "%lf", &value) == 1)
            break;
    if (file)
        fclose(file);
    return value;
}

/* Field 20, 22 and 23 of stat, counted from 1; the second is a name in brackets and may hold anything. */
static void read_stat(struct aur_process *out)
{
    char text[1024];
    double threads, start_ticks, virtual_bytes;
    FILE *file = fopen("/proc/self/stat", "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    const char *after = strrchr(text, ')');
    if (!after ||
        sscanf(after + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lf %*s %lf %lf",
               &threads, &start_ticks, &virtual_bytes) != 3)
        return;
    out->threads = threads;
    out->virtual_bytes = virtual_bytes;
    out->start_s = number_after("/proc/stat", "btime ") + start_ticks / (double)sysconf(_SC_CLK_TCK);
}

/* The one that the folder itself is read through does not count. */
static double count_fds(void)
{
    DIR *folder = opendir("/proc/self/fd");
    double n = folder ? -1 : NAN;
    for (const struct dirent *entry; folder && (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return n;
}

void aur_process_read(struct aur_process *out)
{
    struct rusage usage;
    struct rlimit limit;
    *out = (struct aur_process){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        out->cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out->max_fds = (double)limit.rlim_cur;
    read_stat(out);
    out->resident_bytes = number_after("/proc/self/status", "VmRSS:") * 1024;
    out->open_fds = count_fds();
}
