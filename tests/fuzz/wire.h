/* What a hostile program does, as the bytes of an input: one command after another, each a byte of this list and what
   follows it. Chunks are numbered from 0 to WIRE_FUZZ_CHUNKS - 1; numbers in shared memory are those, plus one where
   the layout says so. */

#ifndef FUZZ_WIRE_H
#define FUZZ_WIRE_H

#define WIRE_FUZZ_CHUNKS 16u

enum wire_fuzz_command {
    WIRE_FUZZ_CHUNK,  /* chunk, state, kind, process, arg: its entry in the directory */
    WIRE_FUZZ_BYTES,  /* chunk, offset (2), count: and those bytes, into the chunk */
    WIRE_FUZZ_WORD,   /* chunk, offset / 8 (2), value (8) */
    WIRE_FUZZ_HEAD,   /* chunk, n: the ring there has n more of what it holds */
    WIRE_FUZZ_EVENT,  /* chunk, index, kind, address (3), size (2), shift, window, stack (3), time (2) */
    WIRE_FUZZ_RECORD, /* chunk, index, kind, flags, window (4), plan, site, sp (2); heap, rss, ticks, faults: 2 and
                         shift */
    WIRE_FUZZ_THREAD, /* chunk of a process, slot, tid, generation, ring, events: plus one, and rings are counted up */
    WIRE_FUZZ_MODULE, /* chunk of modules, place of the entry, base (2), pages, copies (2), plan (2), path: NUL-ended */
    WIRE_FUZZ_HEADER, /* offset / 8 (2), value (8): into the session's header */
    WIRE_FUZZ_REGISTER, /* one more process has a number */
    WIRE_FUZZ_WORK,     /* the collector takes in what is there */
    WIRE_FUZZ_BEGIN,    /* a window */
    WIRE_FUZZ_END,      /* it is over */
    WIRE_FUZZ_PLACE,    /* pid, address (8): asked for */
    WIRE_FUZZ_LISTENS,  /* asked for */
    WIRE_FUZZ_FILL,     /* chunk of threads, next, ring, events: plus one, of all slots there */
    WIRE_FUZZ_COMMANDS
};

#endif
