/* What files tell about OpenCL devices, before OpenCL itself is asked. Any thread but a render worker. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "synth/backend.h"

#define PATH_SIZE 1024

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Nodes of GPUs, in /dev and /dev/dri. */
static bool is_node(const char *name)
{
    static const char *const nodes[] = {"nvidia0", "nvidiactl", "kfd", "renderD", "mali", "dxg", "kgsl"};
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        if (begins(name, nodes[i]))
            return true;
    return false;
}

/* A driver that is not known to be for CPUs alone. */
static bool is_driver(const char *name)
{
    static const char *const processors[] = {"pocl", "intelocl", "intel64", "intel-opencl-cpu"};
    const size_t n = strlen(name);
    if (n < 4 || strcmp(name + n - 4, ".icd") != 0)
        return false;
    for (size_t i = 0; i < sizeof processors / sizeof *processors; i++)
        if (begins(name, processors[i]))
            return false;
    return true;
}

static bool folder_has(const char *path, bool (*wanted)(const char *name))
{
    DIR *folder = opendir(path);
    bool found = false;
    for (const struct dirent *entry; folder && !found && (entry = readdir(folder));)
        found = wanted(entry->d_name);
    if (folder)
        closedir(folder);
    return found;
}

static bool under(const char *root, const char *path, bool (*wanted)(const char *name))
{
    char full[PATH_SIZE];
    int n = snprintf(full, sizeof full, "%s%s", root, path);
    return n > 0 && (size_t)n < sizeof full && folder_has(full, wanted);
}

/* OCL_ICD_VENDORS names a folder, a file that names a driver, or a driver. */
static bool has_driver(const char *root, const char *vendors)
{
    struct stat info;
    if (!vendors || !*vendors)
        return under(root, "/etc/OpenCL/vendors", is_driver);
    if (stat(vendors, &info) == 0 && S_ISDIR(info.st_mode))
        return folder_has(vendors, is_driver);
    const char *name = strrchr(vendors, '/');
    name = name ? name + 1 : vendors;
    const size_t n = strlen(name);
    return n < 4 || strcmp(name + n - 4, ".icd") != 0 || is_driver(name); /* whoever names a driver knows why */
}

bool aur_opencl_likely(const char *root, const char *vendors)
{
    return has_driver(root, vendors) && (under(root, "/dev", is_node) || under(root, "/dev/dri", is_node));
}
