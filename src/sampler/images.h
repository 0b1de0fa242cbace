/* Which file lies where in the memory of each process of the program, as the kernel told of it. */

#ifndef SAMPLER_IMAGES_H
#define SAMPLER_IMAGES_H

#include <stddef.h>
#include <stdint.h>

/* Executable memory. */
struct image {
    uint64_t start, end;
    uint64_t file_offset; /* of `start` */
    uint32_t module;      /* MODULES_NONE: no file's */
    uint32_t mapped_by;   /* the process that did it: this one, or one that it was forked from */
};

struct images; /* of all processes */

/* NULL when memory is short. */
struct images *images_new(void);
void images_free(struct images *images);

/* The process has mapped this, over whatever was there. 0 or -ENOMEM. */
int images_map(struct images *images, uint32_t pid, const struct image *image);

/* It begins as a copy of its parent; a thread (the same pid) shares all. 0 or -ENOMEM. */
int images_fork(struct images *images, uint32_t pid, uint32_t parent_pid);

/* It has thrown all away, by exec. */
void images_clear(struct images *images, uint32_t pid);

/* One thread of it has ended: with the last one it is forgotten. */
void images_exit(struct images *images, uint32_t pid);

/* What lies at `address`, or NULL. Valid until the next change. */
const struct image *images_at(struct images *images, uint32_t pid, uint64_t address);

#endif
