/* The fields of a batch entry, read from a Lua table. For script.c; inside aur_vm_call. */
#ifndef AUR_BATCH_FIELDS_H
#define AUR_BATCH_FIELDS_H

#include <lua.h>

#include "batch/entry.h"

/* Reads the table at index over what entry holds; texts go into the list. Raises, at the line that called: every error
 * names field, value and what is allowed. */
void aur_batch_fields_read(lua_State *L, int index, struct aur_batch_list *list, struct aur_batch_entry *entry);

/* Raises err at the line that called. */
int aur_batch_raise(lua_State *L, const struct aur_error *err) __attribute__((noreturn));

#endif
