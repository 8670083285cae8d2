/* The page's files. Network thread: files are small and come from the page cache. */
#ifndef AUR_NET_FILES_H
#define AUR_NET_FILES_H

#include "net/exchange.h"

/* Answers GET or HEAD of a path under dir: the file with its type and entity tag, 304 if the client has it, or 404. Paths
 * that lead out of dir, hidden files, folders and symbolic links out of dir are not found. */
void aur_files_get(struct aur_reply *reply, const struct aur_request *request, const char *dir);

/* "text/css" for "style.css"; "application/octet-stream" for what is not known. */
const char *aur_files_type(const char *path);

#endif
