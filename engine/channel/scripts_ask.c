/* Answers to requests for scripts: names, the list, texts and their versions. On the scripts worker. Everything is read
 * from the disk when it is asked for: the folder belongs to the musician, and there is nothing to get out of step. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "channel/scripts_desk.h"
#include "channel/textfile.h"
#include "wire/json.h"
#include "wire/message.h"

#define FILES_MAX   1000
#define ENTRIES_MAX 20000 /* looked at for one list: the folder may be somebody's home */
#define DEPTH_MAX   6

/* ---- names ---- */

bool aur_scripts_name_ok(const char *name)
{
    size_t len = strlen(name);
    if (len < 5 || len >= AUR_SCRIPTS_NAME_SIZE || strcmp(name + len - 4, ".lua") != 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool begins = i == 0 || name[i - 1] == '/';
        if (begins && (name[i] == '.' || name[i] == '/'))
            return false;
    }
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/") == len;
}

bool aur_scripts_is_library(const struct aur_scripts *scripts, const char *name)
{
    size_t folder = strlen(scripts->folder), lib = strlen(scripts->lib_dir);
    if (lib <= folder + 1 || strncmp(scripts->lib_dir, scripts->folder, folder) != 0 || scripts->lib_dir[folder] != '/')
        return false;
    const char *within = scripts->lib_dir + folder + 1;
    size_t n = strlen(within);
    return strncmp(name, within, n) == 0 && name[n] == '/';
}

const char *aur_scripts_name_of(const struct aur_scripts *scripts, const char *path)
{
    size_t n = strlen(scripts->folder);
    return strncmp(path, scripts->folder, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

void aur_scripts_shorten(const struct aur_scripts *scripts, char *text)
{
    size_t n = strlen(scripts->folder);
    for (char *at = text; n > 1 && (at = strstr(at, scripts->folder));) {
        if (at[n] == '/')
            memmove(at, at + n + 1, strlen(at + n + 1) + 1);
        else
            at += n;
    }
}

/* ---- refusing ---- */

int aur_scripts_refuse(struct aur_scripts_reply *reply, const struct aur_error *err)
{
    static const struct {
        int code;
        const char *word;
    } words[] = {{AUR_EINVAL, "BAD_REQUEST"},     {AUR_ENOTFOUND, "NOT_FOUND"}, {AUR_ENOTSUP, "FORBIDDEN"},
                 {AUR_ESCRIPT, "SCRIPT_REFUSED"}, {AUR_ELIMIT, "TOO_LARGE"},    {AUR_EBUSY, "UNAVAILABLE"}};
    const char *word = reply->stale ? "PRECONDITION_FAILED" : "INTERNAL";
    for (size_t i = 0; !reply->stale && i < sizeof words / sizeof *words; i++)
        if (words[i].code == err->code)
            word = words[i].word;
    aur_buf_clear(&reply->body);
    aur_msg_refusal_write(&reply->body, word, err->message, NULL);
    return reply->code = err->code;
}

static int refuse_name(struct aur_scripts_reply *reply)
{
    struct aur_error err;
    (void)!aur_error_set(
        &err, AUR_EINVAL,
        "a script's name is made of A-Z, a-z, 0-9, _, . and -, its folders divided by /, and ends with "
        ".lua; no part begins with a dot, and it has at most %d characters",
        AUR_SCRIPTS_NAME_SIZE - 1);
    return aur_scripts_refuse(reply, &err);
}

/* ---- who plays what ---- */

struct players {
    size_t n;
    struct {
        char channel[64], script[AUR_SCRIPTS_NAME_SIZE], version[AUR_VERSION_SIZE];
    } items[AUR_SCRIPTS_CHANNELS_MAX];
};

static void find_players(struct players *out, struct aur_scripts *scripts)
{
    struct aur_channel *channels[AUR_SCRIPTS_CHANNELS_MAX];
    struct aur_msg_status status;
    out->n = aur_scripts_channels(scripts, channels);
    for (size_t i = 0; i < out->n; i++) {
        aur_channel_status(channels[i], &status);
        snprintf(out->items[i].channel, sizeof out->items[i].channel, "%s",
                 aur_channel_unlisted(channels[i]) ? "private" : status.channel);
        snprintf(out->items[i].script, sizeof out->items[i].script, "%s", status.script);
        snprintf(out->items[i].version, sizeof out->items[i].version, "%s", status.script_version);
    }
}

/* The channel that plays the file, with exactly this text unless version is NULL; or NULL. */
static const char *who_plays(const struct players *players, const char *name, const char *version)
{
    for (size_t i = 0; i < players->n; i++)
        if (strcmp(players->items[i].script, name) == 0 &&
            (!version || strcmp(players->items[i].version, version) == 0))
            return players->items[i].channel;
    return NULL;
}

/* ---- the list ---- */

struct files {
    char (*names)[AUR_SCRIPTS_NAME_SIZE];
    size_t n, looked_at;
};

static void find_files(struct files *out, int folder_fd, const char *prefix, int depth)
{
    int fd = aur_beneath_open(folder_fd, *prefix ? prefix : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    const struct dirent *found;
    while (out->n < FILES_MAX && out->looked_at++ < ENTRIES_MAX && (found = readdir(dir))) {
        char name[AUR_SCRIPTS_NAME_SIZE];
        struct stat about;
        int n = snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "/" : "", found->d_name);
        if (found->d_name[0] == '.' || n < 0 || (size_t)n >= sizeof name)
            continue;
        bool is_folder = fstatat(fd, found->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(about.st_mode);
        if (is_folder && depth < DEPTH_MAX)
            find_files(out, folder_fd, name, depth + 1);
        else if (!is_folder && aur_scripts_name_ok(name))
            strcpy(out->names[out->n++], name);
    }
    closedir(dir);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Private channels that play the same file are told once. */
static bool is_told(const struct players *players, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(players->items[i].channel, players->items[at].channel) == 0 &&
            strcmp(players->items[i].script, players->items[at].script) == 0)
            return true;
    return false;
}

static void put_playing(struct aur_buf *body, const struct players *players, const char *name)
{
    aur_json_key(body, "playing");
    aur_buf_text(body, "[");
    for (size_t i = 0; i < players->n; i++) {
        if (strcmp(players->items[i].script, name) != 0 || is_told(players, i))
            continue;
        aur_buf_text(body, aur_json_ends_with(body, '[') ? "" : ",");
        aur_json_string(body, players->items[i].channel);
    }
    aur_buf_text(body, "]");
}

static void put_file(struct aur_scripts *scripts, struct aur_buf *body, const struct players *players, const char *name)
{
    struct aur_script_text text;
    if (aur_scripts_load(scripts, &text, name, NULL) == AUR_OK) {
        aur_buf_text(body, aur_json_ends_with(body, '[') ? "{" : ",{");
        aur_json_text(body, "name", name);
        aur_json_count(body, "bytes", text.text.len);
        aur_json_text(body, "version", text.version);
        put_playing(body, players, name);
        if (aur_scripts_is_library(scripts, name))
            aur_json_bool(body, "library", true);
        aur_buf_text(body, "}");
    }
    aur_buf_deinit(&text.text);
}

static int answer_list(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                       struct aur_scripts_reply *reply)
{
    (void)request;
    struct players players;
    struct aur_buf *body = &reply->body;
    struct files files = {.names = calloc(FILES_MAX, sizeof *files.names)};
    if (!files.names)
        return reply->code = AUR_ENOMEM;
    find_players(&players, scripts);
    find_files(&files, scripts->desk->folder_fd, "", 0);
    qsort(files.names, files.n, sizeof *files.names, by_name);
    aur_buf_text(body, "{\"scripts\":[");
    for (size_t i = 0; i < files.n; i++)
        put_file(scripts, body, &players, files.names[i]);
    aur_buf_text(body, "]");
    aur_json_text(body, "swap", scripts->swap == AUR_SWAP_BAR ? "bar" : "phrase");
    aur_json_bool(body, "writable", faccessat(scripts->desk->folder_fd, ".", W_OK, 0) == 0);
    aur_buf_text(body, "}");
    free(files.names);
    return reply->code = AUR_OK;
}

/* ---- texts ---- */

static void copy_playing(struct aur_scripts *scripts, struct aur_scripts_reply *reply, const char *name)
{
    struct players players;
    find_players(&players, scripts);
    const char *channel = who_plays(&players, name, reply->version);
    if (channel)
        strcpy(reply->playing, channel);
}

static int answer_read(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                       struct aur_scripts_reply *reply)
{
    struct aur_script_text now;
    struct aur_error err;
    const char *wanted = request->version;
    int rc = aur_scripts_load(scripts, &now, request->name, &err);
    if (rc == AUR_OK && (!*wanted || strcmp(wanted, now.version) == 0)) {
        aur_buf_deinit(&reply->body);
        reply->body = now.text;
        strcpy(reply->version, now.version);
        copy_playing(scripts, reply, request->name);
        return reply->code = AUR_OK;
    }
    aur_buf_deinit(&now.text);
    if (*wanted)
        rc = aur_versions_read(scripts->desk->versions, &reply->body, request->name, wanted, &err);
    if (rc != AUR_OK)
        return aur_scripts_refuse(reply, &err);
    strcpy(reply->version, wanted);
    copy_playing(scripts, reply, request->name);
    return reply->code = AUR_OK;
}

static void put_version(struct aur_buf *body, const struct aur_version *version, bool current, bool playing)
{
    char saved[AUR_ISO8601_SIZE];
    aur_clock_iso8601_of(saved, version->saved_us);
    aur_buf_text(body, aur_json_ends_with(body, '[') ? "{" : ",{");
    aur_json_text(body, "version", version->version);
    aur_json_count(body, "bytes", version->bytes);
    aur_json_text(body, "saved", saved);
    aur_json_bool(body, "current", current);
    aur_json_bool(body, "playing", playing);
    aur_buf_text(body, "}");
}

static int answer_versions(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                           struct aur_scripts_reply *reply)
{
    struct aur_script_text now;
    struct aur_version kept[AUR_SCRIPTS_VERSIONS_MAX];
    struct players players;
    struct aur_error err;
    int rc = aur_scripts_load(scripts, &now, request->name, &err);
    size_t n = aur_versions_list(scripts->desk->versions, kept, AUR_SCRIPTS_VERSIONS_MAX, request->name);
    if (rc == AUR_OK || n) {
        find_players(&players, scripts);
        aur_buf_text(&reply->body, "{");
        aur_json_text(&reply->body, "name", request->name);
        aur_buf_text(&reply->body, ",\"versions\":[");
        struct aur_version first = {.bytes = now.text.len, .saved_us = now.saved_us};
        if (rc == AUR_OK) {
            strcpy(first.version, now.version);
            put_version(&reply->body, &first, true, who_plays(&players, request->name, first.version));
        }
        for (size_t i = 0; i < n; i++)
            if (strcmp(kept[i].version, first.version) != 0)
                put_version(&reply->body, &kept[i], false, who_plays(&players, request->name, kept[i].version));
        aur_buf_text(&reply->body, "]}");
        rc = reply->code = AUR_OK;
    } else {
        aur_scripts_refuse(reply, &err);
    }
    aur_buf_deinit(&now.text);
    return rc;
}

int aur_scripts_answer(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                       struct aur_scripts_reply *reply)
{
    static const struct {
        int (*answer)(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                      struct aur_scripts_reply *reply);
        bool named, folder; /* about a file; needs the folder */
    } answers[] = {
        [AUR_SCRIPTS_LIST] = {answer_list, false, true},
        [AUR_SCRIPTS_READ] = {answer_read, true, true},
        [AUR_SCRIPTS_CHECK] = {aur_scripts_check, true, true},
        [AUR_SCRIPTS_WRITE] = {aur_scripts_write, true, true},
        [AUR_SCRIPTS_VERSIONS] = {answer_versions, true, true},
        [AUR_SCRIPTS_RESTORE] = {aur_scripts_restore, true, true},
        [AUR_SCRIPTS_PHRASES] = {aur_scripts_phrases, false, false},
        [AUR_SCRIPTS_OPEN] = {aur_scripts_open, false, false},
        [AUR_SCRIPTS_CLOSE] = {aur_scripts_close, false, false},
        [AUR_SCRIPTS_REWIND] = {aur_scripts_rewind, false, false},
        [AUR_SCRIPTS_SWITCH] = {aur_scripts_switch, false, false},
        [AUR_SCRIPTS_BRANCHES] = {aur_scripts_branches, false, false},
    };
    struct aur_error err = {0};
    if (answers[request->ask].named && !aur_scripts_name_ok(request->name))
        return refuse_name(reply);
    if (answers[request->ask].folder && aur_scripts_desk_turn(scripts, &err) != AUR_OK)
        return aur_scripts_refuse(reply, &err);
    int rc = answers[request->ask].answer(scripts, request, reply);
    if (!aur_buf_ok(&reply->body))
        rc = reply->code = AUR_ENOMEM;
    return rc;
}
