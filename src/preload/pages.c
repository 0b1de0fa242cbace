/* Making pages resident at once: MADV_POPULATE_*, and by touching them where the kernel is older than 5.14.

   Shared pages are always faulted in by writing. A read fault would map up to 16 pages around it that another process
   has brought in, and those would count as the program's. */

#include "preload/pages.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "preload/syscalls.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

/* The ELF header of this library, defined by the linker. */
extern const ElfW(Ehdr) __ehdr_start GUEST_HIDDEN;

static uintptr_t page_floor(uintptr_t address)
{
    return address & ~(uintptr_t)(WIRE_PAGE_BYTES - 1);
}

static uintptr_t page_ceiling(uintptr_t address)
{
    return page_floor(address + WIRE_PAGE_BYTES - 1);
}

uint64_t pages_populate(const void *start, size_t bytes, int writable)
{
    uintptr_t first = page_floor((uintptr_t)start), end = page_ceiling((uintptr_t)start + bytes);
    long advice = writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
    if (end == first)
        return 0;
    long code = guest_sandboxed ? -EINVAL : raw_syscall3(SYS_madvise, (long)first, (long)(end - first), advice);
    if (code == -ENOMEM || code == -EFAULT || code == -EHWPOISON) /* no memory: touching them would be the end */
        return 0;
    if (code != 0) {
        for (uintptr_t page = first; page < end; page += WIRE_PAGE_BYTES) {
            if (writable)
                atomic_fetch_or_explicit((_Atomic uint8_t *)page, 0, memory_order_relaxed);
            else
                (void)*(const volatile uint8_t *)page;
        }
    }
    return end - first;
}

/* Bit 63 of a page's word in /proc/self/pagemap: present. */
static uint64_t count_absent(uintptr_t first, uintptr_t end)
{
    uint64_t words[64], absent = 0;
    long fd = raw_syscall4(SYS_openat, AT_FDCWD, (long)"/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    for (uintptr_t page = first; page < end; page += sizeof words / 8 * WIRE_PAGE_BYTES) {
        uint64_t count = (end - page) / WIRE_PAGE_BYTES;
        count = count < sizeof words / 8 ? count : sizeof words / 8;
        if (raw_syscall4(SYS_pread64, fd, (long)words, (long)count * 8, (long)(page / WIRE_PAGE_BYTES * 8)) !=
            (long)count * 8)
            break;
        for (uint64_t i = 0; i < count; i++)
            absent += (words[i] >> 63) == 0;
    }
    raw_syscall3(SYS_close, fd, 0, 0);
    return absent * WIRE_PAGE_BYTES;
}

uint64_t pages_populate_new(const void *start, size_t bytes)
{
    uint64_t absent = count_absent(page_floor((uintptr_t)start), page_ceiling((uintptr_t)start + bytes));
    pages_populate(start, bytes, 0);
    return absent;
}

void pages_advise_populated(uint64_t start, uint64_t bytes)
{
    uintptr_t first = page_floor(start), end = page_ceiling(start + bytes);
    raw_syscall3(SYS_madvise, (long)first, (long)(end - first), MADV_POPULATE_READ);
}

uint64_t pages_populate_library(void)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;
    const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(base + __ehdr_start.e_phoff);
    uintptr_t relro_start = 0, relro_end = 0;
    for (int i = 0; i < __ehdr_start.e_phnum; i++) {
        if (segments[i].p_type == PT_GNU_RELRO) {
            relro_start = page_floor(base + segments[i].p_vaddr);
            relro_end = page_floor(base + segments[i].p_vaddr + segments[i].p_memsz); /* ld.so rounds down as well */
        }
    }
    uint64_t bytes = 0;
    for (int i = 0; i < __ehdr_start.e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD)
            continue;
        uintptr_t start = page_floor(base + segments[i].p_vaddr);
        uintptr_t end = page_ceiling(base + segments[i].p_vaddr + segments[i].p_memsz);
        if (start <= relro_start && relro_start < end && relro_end > relro_start) {
            bytes += pages_populate((void *)relro_start, relro_end - relro_start, 0);
            bytes += pages_populate((void *)start, relro_start - start, (segments[i].p_flags & PF_W) != 0);
            start = relro_end;
        }
        if (start < end)
            bytes += pages_populate((void *)start, end - start, (segments[i].p_flags & PF_W) != 0);
    }
    return bytes;
}
