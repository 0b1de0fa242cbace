/* Stopping a process, and letting it go on as if nothing had been. By ptrace: no signal, nothing that it could see. All
   calls for one process come from one thread. */

#ifndef COLLECTOR_HALT_H
#define COLLECTOR_HALT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#define HALT_VECTORS_BYTES 512

struct halt_thread {
    pid_t tid;
    bool has_registers; /* it was stopped; otherwise it is dead, or could not be stopped */
    bool is_dead;       /* a zombie, as the first thread is when it left before the others */
    bool in_call;       /* it was in a system call */
    bool halted;        /* still to be let go */
    int signal;         /* on its way to it, to be delivered after all; 0: none */
    struct user_regs_struct registers;
    uint8_t vectors[HALT_VECTORS_BYTES]; /* the SSE registers among them; zeros while in_call */
};

struct halt {
    pid_t pid;
    struct halt_thread *threads;
    size_t count, room;
};

/* Stop every thread. Returns 0; -EPERM when the kernel does not let us; -ESRCH when the process is gone; -ETIMEDOUT
   when a thread did not stop. halt_release follows in any case. */
int halt_stop(struct halt *halt, pid_t pid);

/* Let all threads go on. Returns false when some thread could not be let go yet: to be called again. */
bool halt_release(struct halt *halt);

void halt_fini(struct halt *halt);

#endif
