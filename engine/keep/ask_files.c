/* Sessions as files, out and in. On the thread of files, which has nothing else to do and gives way to everything: a session of a
 * week takes seconds, and nobody who asks for something else waits for it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "keep/folder.h"
#include "keep/inner.h"
#include "wire/json.h"

/* A file of its own beside the takes, gone with the process. */
static int name_file(struct aur_keep *keep, char path[AUR_FOLDER_PATH], const char *what, struct aur_error *err)
{
    int rc = aur_folder_make(keep->config.folder, err);
    snprintf(path, AUR_FOLDER_PATH, "%.4096s/.%s.part", keep->config.folder, what);
    return rc;
}

static int export_to(struct aur_archive *archive, const char *path, const struct aur_keep_request *request,
                     struct aur_keep_reply *reply)
{
    struct aur_session_info info;
    char slug[80];
    int rc = aur_keep_find_session(archive, &info, request->id, &reply->error);
    if (rc < 0)
        return rc;
    aur_folder_slug(slug, sizeof slug, *info.name ? info.name : info.head.title);
    snprintf(reply->file, sizeof reply->file, "%s%s%s.auralis", slug, *slug ? "-" : "", info.id);
    reply->type = aur_folder_type(reply->file);
    rc = aur_archive_export(archive, info.id, path, request->whole ? AUR_EXPORT_WHOLE : AUR_EXPORT_LEAN, true,
                            &reply->error);
    if (rc == AUR_OK)
        rc = aur_folder_open_path(path, &reply->fd, &reply->bytes, &reply->error);
    unlink(path);
    return rc;
}

int aur_keep_ask_session_export(struct aur_keep *keep, const struct aur_keep_request *request,
                                struct aur_keep_reply *reply)
{
    struct aur_archive *archive;
    char path[AUR_FOLDER_PATH];
    (void)aur_keep_flush(keep, AUR_KEEP_LOOK_MS);
    int rc = name_file(keep, path, "export", &reply->error);
    if (rc == AUR_OK)
        rc = aur_archive_open(&archive, aur_journal_path(keep->config.journal), &reply->error);
    if (rc < 0)
        return rc;
    rc = export_to(archive, path, request, reply);
    aur_archive_close(archive);
    return rc;
}

int aur_keep_ask_session_import(struct aur_keep *keep, const struct aur_keep_request *request,
                                struct aur_keep_reply *reply)
{
    char path[AUR_FOLDER_PATH], id[AUR_SESSION_ID_SIZE];
    int rc = name_file(keep, path, "import", &reply->error);
    if (rc == AUR_OK)
        rc = aur_folder_write(path, request->text, request->len, &reply->error);
    if (rc == AUR_OK)
        rc = aur_journal_session_import(keep->config.journal, path, id, &reply->error);
    unlink(path);
    if (rc == AUR_EINVAL)
        return aur_error_value(&reply->error, "body", "this", "a session file, as an export gives it");
    if (rc == AUR_ENOTFOUND) { /* a text that the file does without; where the file lay matters to nobody */
        const size_t head = strlen(path) + 2, len = strlen(reply->error.message);
        if (len > head)
            memmove(reply->error.message, reply->error.message + head, len - head + 1);
        return AUR_ENOTSUP;
    }
    if (rc < 0)
        return rc;
    aur_buf_text(&reply->body, "{");
    aur_json_text(&reply->body, "id", id);
    aur_buf_text(&reply->body, "}");
    return AUR_OK;
}
