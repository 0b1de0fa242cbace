/* Stacks of different depths and ends. One block each from `leaf`, by two ways: main -> left -> middle -> leaf and main
   -> right -> middle -> leaf. "deep N": N frames of `down` above another leaf. "blind": a callback from code without
   unwind information. "pointer": likewise, with a frame pointer. */

#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

void *volatile kept[8];

NOINLINE void leaf(int slot)
{
    kept[slot] = malloc(100);
}

NOINLINE void middle(int slot)
{
    leaf(slot);
    __asm__ volatile("");
}

NOINLINE void left(void)
{
    middle(0);
    __asm__ volatile("");
}

NOINLINE void right(void)
{
    middle(1);
    __asm__ volatile("");
}

NOINLINE void down(long count)
{
    if (count > 0)
        down(count - 1);
    else
        leaf(2);
    __asm__ volatile("");
}

NOINLINE void called(void)
{
    leaf(3);
    __asm__ volatile("");
}

/* Call `called` from code that no table describes: its stack pointer is off by what it pushed, and rbp is no pointer.
 */
void blind(void);
void pointer(void);
__asm__(".text\n"
        ".type blind, @function\n"
        "blind:\n"
        "push %rbp\n"
        "sub $80, %rsp\n"
        "mov $1, %ebp\n"
        "call called\n"
        "add $80, %rsp\n"
        "pop %rbp\n"
        "ret\n"
        ".size blind, .-blind\n"
        ".type pointer, @function\n"
        "pointer:\n"
        "push %rbp\n"
        "mov %rsp, %rbp\n"
        "sub $80, %rsp\n"
        "call called\n"
        "leave\n"
        "ret\n"
        ".size pointer, .-pointer\n");

int main(int argc, char **argv)
{
    left();
    right();
    if (argc > 2 && strcmp(argv[1], "deep") == 0)
        down(strtol(argv[2], NULL, 10));
    if (argc > 1 && strcmp(argv[1], "blind") == 0)
        blind();
    if (argc > 1 && strcmp(argv[1], "pointer") == 0)
        pointer();
    return 0;
}
