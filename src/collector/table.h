/* Memory for tables that grow large and are looked into at random: zeroed, straight from the kernel, in huge pages
   where that pays, so that a look-up misses the cache but not the translation of addresses too. */

#ifndef COLLECTOR_TABLE_H
#define COLLECTOR_TABLE_H

#include <stddef.h>

/* NULL when memory is short, or the budget (budget.h) is used up. */
void *table_new(size_t bytes);
void table_free(void *table, size_t bytes); /* `table` may be NULL */

/* The same table, of items this time, with twice the room, moved if need be without being copied; NULL, and it stays as
   it was, when memory is short. One that is NULL is made. */
void *table_grow(void *table, size_t *room, size_t item_bytes);

#endif
