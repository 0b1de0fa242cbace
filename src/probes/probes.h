/* Which instructions of an ELF file to stop at: a pure function of the file, its debug information and the options. */

#ifndef PROBES_PROBES_H
#define PROBES_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/plan.h"

struct probes_options {
    const char *const *globs; /* --function: shell patterns against a function's name, qualified or linkage name */
    size_t glob_count;
    bool every_instruction; /* debugging option of the test suite: stop at each instruction that can be stopped at */
    const char *debug_root; /* where separate debug files live; NULL: "/usr/lib/debug" */
};

/* A function to watch, or one found but not watchable. Several with the same (file, line) are instances of one source
   function: templates, clones. */
struct probes_function {
    char *name;         /* demangled, qualified where DWARF tells */
    char *linkage_name; /* or NULL */
    char *file;         /* absolute where DWARF tells the directory */
    uint32_t line;      /* of the declaration's name, 1-based */
    uint32_t last_line; /* highest line with code */
    uint64_t entry;     /* ELF address */
    bool annotated;     /* by SYSENG_MEM_PROFILE, else by a glob */
    bool optimized;     /* compiled at -O1 or above, as far as the producer string tells */
    uint32_t *lines;    /* ascending: lines that have code of their own */
    size_t line_count;
};

enum probes_note_kind {
    PROBES_NOTE_NO_DEBUG_INFO,      /* annotated or wanted, but the file has no line table */
    PROBES_NOTE_DEBUG_FILE_MISSING, /* names a debuglink, build-id or .dwo file that is not there */
    PROBES_NOTE_DEBUG_FILE_STALE,   /* the separate file's checksum or build id differs */
    PROBES_NOTE_STRIPPED,
    PROBES_NOTE_GLOB_UNMATCHED, /* subject: the glob; detail: the nearest name, if any */
    PROBES_NOTE_SITES_SKIPPED,  /* instructions that cannot be stopped at */
};

struct probes_note {
    enum probes_note_kind kind;
    char *subject;
    char *detail;
};

/* The watch list of one file. Owned by the caller until probes_free. */
struct probes {
    char *path;
    struct probes_function *functions; /* same order and index as the plan's */
    size_t function_count;
    struct probes_note *notes;
    size_t note_count;
    struct wire_site *sites; /* ascending offset */
    size_t site_count;
    struct wire_function *ranges_of; /* one per function */
    struct wire_range *ranges;
    size_t range_count;
};

/* Read the ELF file at `path` and compute what to stop at. Zero functions is a result, not an error. Cheap when the file
   carries no annotation and no glob is given: debug information is then not opened. Returns 0, or a negative errno with
   a sentence in `err` when the file cannot be read or is not x86-64 ELF (-ENOEXEC). Thread-safe. */
int probes_find(const char *path, const struct probes_options *options, struct probes **out, struct err *err);
void probes_free(struct probes *probes);

/* Encode the plan for the traced process (wire/plan.h). *out is malloc'ed, the caller frees it. */
int probes_encode(const struct probes *probes, uint32_t plan_id, void **out, size_t *out_bytes, struct err *err);

/* What kind of program a file is, for `doctor` and for the checks before a start. */
enum inspect_kind {
    INSPECT_ELF_DYNAMIC,
    INSPECT_ELF_STATIC,     /* the preload library cannot reach it (static-pie included) */
    INSPECT_ELF_OTHER_ARCH, /* `machine` and `bits` tell */
    INSPECT_ELF_OTHER_LIBC, /* interpreter is not glibc's: `interpreter` */
    INSPECT_ELF_NOT_PROGRAM, /* an object file, a core file */
    INSPECT_SCRIPT,         /* `interpreter`: the #! line's program */
    INSPECT_SOURCE,         /* text that looks like C or C++ */
    INSPECT_OTHER,
};

struct inspect {
    enum inspect_kind kind;
    int bits;
    int machine; /* e_machine */
    bool setuid; /* set-user-ID, set-group-ID or file capabilities that ld.so treats as secure */
    bool stripped;        /* no .symtab */
    bool has_debug_info;  /* .debug_info, here or in a separate file that was found */
    bool has_line_table;
    bool pie;
    char *interpreter;    /* ELF: PT_INTERP; script: program; or NULL */
    char *sanitizer;      /* "AddressSanitizer", ... or NULL */
    char *own_allocator;  /* "jemalloc", "tcmalloc", "mimalloc", "own malloc" when the program defines malloc; or NULL */
    char *preload_hostile; /* reserved */
    int dwarf_version;    /* of the first unit, 0 when none */
    char *producer;       /* of the first unit, or NULL */
};

/* Look at `path` without running it; `debug_root` as in the options. -ENOENT, -EACCES and so on when it cannot be read. */
int inspect_file(const char *path, const char *debug_root, struct inspect *out, struct err *err);
void inspect_fini(struct inspect *inspect);

/* The string that the function `name` of a file returns, if returning it is all that it does: the code is read, not
   run. *out is malloc'ed; NULL when the file is none of ours, has no such function, or that returns NULL. -EINVAL with
   a sentence when the function does more. */
int probes_constant_string(const char *path, const char *name, char **out, struct err *err);

#endif
