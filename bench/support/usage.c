/* Reads /proc/PID/task/TID/schedstat: unlike stat it counts in nanoseconds, and thread by thread. */
#include "support/usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool thread_ns(uint64_t *out, int pid, int tid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, tid);
    FILE *file = fopen(path, "r");
    bool ok = file && fscanf(file, "%" SCNu64, out) == 1;
    if (file)
        fclose(file);
    return ok;
}

bool usage_read(struct usage *out, int pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    *out = (struct usage){0, 0};
    if (!folder)
        return false;
    for (struct dirent *entry; (entry = readdir(folder));) {
        uint64_t ns = 0;
        int tid = atoi(entry->d_name);
        if (tid <= 0 || !thread_ns(&ns, pid, tid))
            continue;
        out->all_ns += ns;
        if (tid == pid)
            out->main_ns = ns;
    }
    closedir(folder);
    return out->all_ns > 0;
}
