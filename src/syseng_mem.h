/* syseng_mem.h: mark the functions whose memory syseng-mem shows line by line. No library to link; without the runner
   a marked function behaves as if the mark were not there.

   Put SYSENG_MEM_PROFILE in front of a function's definition, in C or C++, static, inline, template, method, constructor
   or destructor alike:

       SYSENG_MEM_PROFILE
       static int handle(struct request *request)
       {
           ...
       }

   and build with -g. The compiler then keeps the function as one piece: it is not inlined, cloned or merged.

   Where an attribute has no place (a lambda in g++) or is refused, put SYSENG_MEM_PROFILE_HERE as a statement anywhere
   into the body instead:

       auto handle = [&](int id) {
           SYSENG_MEM_PROFILE_HERE;
           ...
       };

   It generates no instruction. It does not keep the compiler from inlining the function, though; if that happens, the
   function around the call is shown. Do not use it in a constexpr function.

   SPDX-License-Identifier: MIT */

#ifndef SYSENG_MEM_H
#define SYSENG_MEM_H

/* How it works, for the curious: clang, and gcc for C, gather the functions in a section of their own. g++ would refuse
   that for some functions and silently ignore it for templates; there a recognizable instruction that does nothing
   stands before the function's first one. The statement leaves the address where it stands in an ELF note, which is
   not loaded when the program runs. */
#if defined(__clang__)
#define SYSENG_MEM_PROFILE __attribute__((noinline, used, section("syseng_mem_text")))
#elif defined(__GNUC__) && defined(__x86_64__) && !defined(__cplusplus)
#define SYSENG_MEM_PROFILE __attribute__((noipa, used, section("syseng_mem_text")))
#elif defined(__GNUC__) && defined(__x86_64__)
#define SYSENG_MEM_PROFILE __attribute__((noipa, ms_hook_prologue))
#else
#define SYSENG_MEM_PROFILE
#endif

#if defined(__GNUC__) && defined(__x86_64__)
#define SYSENG_MEM_PROFILE_HERE                                                                                        \
    __asm__ __volatile__("990:\n\t"                                                                                    \
                         ".pushsection .note.syseng_mem,\"?\",@note\n\t"                                               \
                         ".balign 4\n\t"                                                                               \
                         ".4byte 992f-991f, 994f-993f, 1\n"                                                            \
                         "991:\t.asciz \"syseng-mem\"\n"                                                               \
                         "992:\t.balign 4\n"                                                                           \
                         "993:\t.8byte 990b\n"                                                                         \
                         "994:\t.balign 4\n\t"                                                                         \
                         ".popsection")
#else
#define SYSENG_MEM_PROFILE_HERE ((void)0)
#endif

#endif
