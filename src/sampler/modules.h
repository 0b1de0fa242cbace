/* The files that the program's code comes from, each opened when a stack first goes through it. */

#ifndef SAMPLER_MODULES_H
#define SAMPLER_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "cfi/cfi.h"

#define MODULES_NONE UINT32_MAX

struct modules;

/* Code of a file whose path ends in `own_name` is our own. NULL when memory is short. */
struct modules *modules_new(const char *own_name);
void modules_free(struct modules *modules);

/* The number of the file at `path`, as the kernel names it; MODULES_NONE for memory without a file, or when memory is
   short. Files are not opened by this. */
uint32_t modules_find(struct modules *modules, const char *path);

uint32_t modules_count(const struct modules *modules);
const char *modules_path(const struct modules *modules, uint32_t module);
bool modules_is_own(const struct modules *modules, uint32_t module);

/* The ELF address of what lies at `offset` of the file; false when it is not loaded, or the file cannot be read. */
bool modules_address(struct modules *modules, uint32_t module, uint64_t offset, uint64_t *address);

/* Does a system call end right before this ELF address? */
bool modules_is_behind_call(struct modules *modules, uint32_t module, uint64_t address);

/* The rule at an ELF address (cfi_evaluate), remembered. */
struct cfi_rule modules_rule(struct modules *modules, uint32_t module, uint64_t address);

#endif
