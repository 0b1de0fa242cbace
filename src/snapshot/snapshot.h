/* The folder of snapshots, "profiling": one folder per push, in it one per request, and what is known of them without
   reading their profiles. Names and files are described in docs/snapshots.md. */

#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#define SNAPSHOT_DIRECTORY "profiling"
#define SNAPSHOT_META "meta.json"          /* in a snapshot's folder, and in a request's */
#define SNAPSHOT_PROFILE "profile.json.gz" /* in a request's folder: what all other files are made from */

/* What meta.json has of a request. */
struct snapshot_request {
    char *folder;          /* "GET.user.1.000738ms" */
    char *method;          /* NULL: the whole run of a program */
    char *target;          /* "/user/1?x=2", NULL likewise */
    int status;            /* HTTP status, 0 when there was none */
    uint32_t ordinal;      /* among requests with the same method and target */
    uint32_t repeat_count; /* firings that are added up; 1 */
    uint64_t elapsed_ns;   /* of one firing, the median of them */
    bool has_heap;         /* the stacks' figures follow: bytes as the program asked for them, of all firings */
    uint64_t alloc_bytes, alloc_count;
    uint64_t not_freed_bytes, not_freed_count;
    uint64_t peak_bytes; /* of one firing */
    bool has_rss;
    int64_t rss_bytes; /* change of the resident set */
    bool has_cpu;
    uint64_t cpu_ns;
};

struct snapshot {
    char *path;                      /* of its folder */
    char *name;                      /* "2014-02-17_18:20:37" */
    int64_t time_s;                  /* since 1970 */
    char *commit, *branch, *subject; /* of the program's sources, NULL when unknown */
    bool is_dirty;                   /* the sources had changes that were not committed */
    char *program;                   /* path as typed */
    char *compiler;                  /* "GNU C17 12.2.0 -O2 -g", as its debug information says; or NULL */
    char *build_id;                  /* of the program, or NULL */
    char *tool;                      /* "syseng-mem 0.1.0" */
    char *host, *kernel;
    char **command; /* NULL-terminated */
    struct snapshot_request *requests;
    size_t request_count;
};

/* --- Names --- */

/* "GET.user.1.000738ms", at most 255 bytes: bytes outside of A-Z a-z 0-9 . _ ~ - become %XX, slashes dots, an empty
   path is "root", the query is left out. With a NULL method the whole run of the program at `target`:
   "RUN.sqlite3.000738ms". */
void snapshot_add_request_name(struct text *out, const char *method, const char *target, uint64_t elapsed_ns);

/* "2014-02-17_18:20:37", local time; with dashes for the colons under GITHUB_ACTIONS=true, whose artifacts may have
   none. */
void snapshot_add_name(struct text *out, int64_t time_s);

/* Is it the name of a snapshot's folder, with colons or dashes, perhaps with a number behind it? */
bool snapshot_is_name(const char *name);

/* --- What is there --- */

/* The names of all snapshots in `directory`, oldest first; none when there is no such directory. snapshot_names_free
   releases them. */
struct snapshot_names {
    char **items;
    size_t count, room;
};
int snapshot_list(const char *directory, struct snapshot_names *out, struct err *err);
void snapshot_names_free(struct snapshot_names *names);

/* Read the meta.json in the folder `path`. -EINVAL with a sentence when it is damaged or of an unknown version. */
int snapshot_read(const char *path, struct snapshot **out, struct err *err);
void snapshot_free(struct snapshot *snapshot);

/* The folder that `word` means: a folder, "latest", "latest~2", the beginning of a name, or a revision that git knows,
   of which the newest snapshot is taken. With a request's folder in it or not. -ENOENT when there is none, -EINVAL when
   the beginning fits several. The caller frees *path. */
int snapshot_resolve(const char *directory, const char *word, char **path, struct err *err);

/* --- Writing --- */

struct snapshot_writer;

/* Begin one in `directory`, which is made when it is not there. Until snapshot_commit nobody sees it; what a killed one
   left is removed by the next. -errno with a sentence. */
int snapshot_begin(const char *directory, int64_t time_s, struct snapshot_writer **out, struct err *err);

/* Make a folder for a request named as snapshot_add_request_name names it, with .2, .3 ... behind it when there is one
   already. Returns its path, which belongs to the writer, or NULL with a sentence; its last part is the name. */
const char *snapshot_add_request(struct snapshot_writer *writer, const char *name, struct err *err);

/* Where the snapshot lies until it is committed, and the name that it gets. */
const char *snapshot_temporary_path(const struct snapshot_writer *writer);
const char *snapshot_final_name(const struct snapshot_writer *writer);

/* Write meta.json of the snapshot, whose path and name need not be set, and of each request into its folder. */
int snapshot_write_meta(struct snapshot_writer *writer, const struct snapshot *snapshot, struct err *err);

/* Everything is written: give it its name, in one step, and let "latest" point to it. */
int snapshot_commit(struct snapshot_writer *writer, char **path, struct err *err);

/* Release the writer; what was not committed is removed. */
void snapshot_end(struct snapshot_writer *writer);

/* Remove all but the `keep` newest; *removed tells how many. */
int snapshot_prune(const char *directory, size_t keep, size_t *removed, struct err *err);

/* --- The sources' version --- */

struct snapshot_version {
    char *commit, *branch, *subject; /* NULL when unknown */
    bool is_dirty;
};

/* Ask git in the current directory; without it, what GitHub or GitLab say in the environment. */
void snapshot_find_version(struct snapshot_version *out);
void snapshot_version_fini(struct snapshot_version *version);

#endif
