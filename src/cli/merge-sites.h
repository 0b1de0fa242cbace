/* Allocation sites follow their windows when those are dropped or added up. */

#ifndef CLI_MERGE_SITES_H
#define CLI_MERGE_SITES_H

#include <stddef.h>
#include <stdint.h>

#include "collector/session.h"

/* The order of two stacks: 0 when they are the same frame by frame. */
int merge_sites_compare_stacks(const struct session_frame *a, uint32_t a_count, const struct session_frame *b,
                               uint32_t b_count);

/* Window number `index` is gone, and the later ones have moved down: so do their sites; its own go. */
void merge_sites_drop(struct session *session, uint32_t index);

/* Every `repeat` consecutive windows are one: their sites of the same stack become one, at the place of the first. */
int merge_sites_add_up(struct session *session, uint32_t repeat);

#endif
