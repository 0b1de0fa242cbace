/* syseng_mem.h: mark the functions whose memory syseng-mem shows line by line. No library to link; without the runner
   a marked function behaves as if the mark were not there.

   SPDX-License-Identifier: MIT */

#ifndef SYSENG_MEM_H
#define SYSENG_MEM_H

#if defined(__clang__)
#define SYSENG_MEM_PROFILE __attribute__((noinline, used, section("syseng_mem_text")))
#elif defined(__GNUC__) && !defined(__cplusplus)
#define SYSENG_MEM_PROFILE __attribute__((noipa, used, section("syseng_mem_text")))
#elif defined(__GNUC__)
#define SYSENG_MEM_PROFILE __attribute__((noipa, ms_hook_prologue))
#else
#define SYSENG_MEM_PROFILE
#endif

#endif
