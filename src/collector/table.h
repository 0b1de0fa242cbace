/* Memory for tables that grow large and are looked into at random: zeroed, straight from the kernel, in huge pages
   where that pays, so that a look-up misses the cache but not the translation of addresses too. */

#ifndef COLLECTOR_TABLE_H
#define COLLECTOR_TABLE_H

#include <stddef.h>

/* NULL when memory is short. */
void *table_new(size_t bytes);
void table_free(void *table, size_t bytes); /* `table` may be NULL */

/* The same table with more room, moved if need be without being copied; NULL, and it stays as it was, when memory is
   short. A table that is NULL and has no bytes is made. */
void *table_grow(void *table, size_t old_bytes, size_t bytes);

#endif
