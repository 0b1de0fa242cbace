/* A trap's way through the kernel takes longer than the handler itself, and is no time of the program's either: it is
   measured once, at the start, by some traps of our own whose handler does what that of a line stop does. Each stop is
   taken for an average one: that is right for the sum over many, and the sum is kept even where one stop went faster
   than that. */

#include "preload/run-clock.h"

#include "preload/sample.h"

#define TRIALS 64

static int64_t enter_ticks, leave_ticks; /* from the breakpoint to the handler, and from there back */

static struct {
    uint64_t pc; /* of the breakpoint, 0: no trial is on */
    uint64_t entered, left;
} trial;

void run_clock_pause(uint64_t now, bool by_trap)
{
    struct wire_ring *ring = guest_self.ring;
    if (now == 0 || ring == NULL || ring->run_resumed == 0)
        return;
    /* It may fall when stops follow each other faster than the average one. */
    ring->run_ticks +=
        (int64_t)(now - ring->run_resumed) - (by_trap ? enter_ticks : 0) - (ring->run_by_trap ? leave_ticks : 0);
}

void run_clock_resume(bool by_trap)
{
    struct wire_ring *ring = guest_self.ring;
    if (!guest.wants_times || ring == NULL)
        return;
    ring->run_by_trap = by_trap;
    ring->run_resumed = run_clock_now();
}

bool run_clock_is_trial(uint64_t pc, uint64_t now)
{
    if (trial.pc == 0 || pc != trial.pc)
        return false;
    struct wire_record record = {.kind = WIRE_RECORD_LINE};
    struct wire_thread *thread = guest_thread();
    trial.entered = now;
    if (thread != NULL)
        sample_take(thread, &record);
    trial.left = __builtin_ia32_rdtsc();
    return true;
}

/* The middle one of TRIALS values, sorting them. */
static int64_t median(int64_t *values)
{
    for (int i = 1; i < TRIALS; i++) {
        int64_t value = values[i];
        int j = i;
        for (; j > 0 && values[j - 1] > value; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
    return values[TRIALS / 2];
}

void run_clock_calibrate(void)
{
    int64_t enter[TRIALS], leave[TRIALS];
    for (int i = 0; i < TRIALS; i++) {
        uint64_t before = __builtin_ia32_rdtsc(), pc;
        __asm__ volatile("lea 1f(%%rip), %0\n\tmov %0, %1\n1:\tint3" : "=&r"(pc), "=m"(trial.pc) : : "memory");
        leave[i] = (int64_t)(__builtin_ia32_rdtsc() - trial.left);
        enter[i] = (int64_t)(trial.entered - before);
    }
    trial.pc = 0;
    enter_ticks = median(enter);
    leave_ticks = median(leave);
}
