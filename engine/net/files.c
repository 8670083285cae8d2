/* Serving files whole, from memory: they are few and small, and one way to send a body is enough. On the network thread.
 * The kernel resolves the path beneath the folder (openat2), so no cleverness with dots and links leads out of it. */
#include "net/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/hash.h"

#define FILE_MAX (32 << 20)

const char *aur_files_type(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".wasm", "application/wasm"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
        {".lua", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

/* No hidden names, no empty ones, nothing that is not a plain character. */
static bool is_plain(const char *path)
{
    for (const char *at = path; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == '\\' || (*at == '.' && (at == path || at[-1] == '/')))
            return false;
    return !strstr(path, "//");
}

static int open_beneath(const char *dir, const char *path)
{
    int folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -1;
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH};
    int fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) /* an old kernel, or a container that does not know the call */
        fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    close(folder);
    return fd;
}

static bool read_whole(struct aur_buf *out, int fd, off_t size)
{
    char block[65536];
    ssize_t n = 0;
    while ((off_t)out->len < size && (n = read(fd, block, sizeof block)) > 0)
        aur_buf_add(out, block, (size_t)n);
    return n >= 0 && aur_buf_ok(out);
}

static void reply_file(struct aur_reply *reply, const struct aur_request *request, int fd, const char *path)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > FILE_MAX) {
        aur_reply_refuse(reply, 404, "NOT_FOUND", "no such file: %s", request->path);
        return;
    }
    uint64_t stamp[4] = {(uint64_t)about.st_size, (uint64_t)about.st_mtim.tv_sec, (uint64_t)about.st_mtim.tv_nsec,
                         (uint64_t)about.st_ino};
    snprintf(reply->etag, sizeof reply->etag, "\"%016" PRIx64 "\"", aur_hash64(stamp, sizeof stamp, AUR_HASH_START));
    reply->type = aur_files_type(path);
    reply->status = strstr(request->if_none_match, reply->etag) ? 304 : 200;
    if (reply->status == 200 && !read_whole(&reply->body, fd, about.st_size))
        aur_reply_refuse(reply, 500, "INTERNAL", "cannot read %s", request->path);
}

void aur_files_get(struct aur_reply *reply, const struct aur_request *request, const char *dir)
{
    char path[sizeof request->path + sizeof "index.html"];
    size_t length = strlen(request->path);
    bool folder = request->path[length - 1] == '/';
    snprintf(path, sizeof path, "%s%s", request->path + 1, folder ? "index.html" : "");
    int fd = dir && is_plain(path) ? open_beneath(dir, path) : -1;
    if (fd < 0) {
        aur_reply_refuse(reply, 404, "NOT_FOUND", "no such file: %s", request->path);
        return;
    }
    reply_file(reply, request, fd, path);
    close(fd);
}
