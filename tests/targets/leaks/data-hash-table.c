/* A hash table that has been resized, with one bucket's chain overwritten. */
#include "leaks.h"

struct entry {
    struct entry *next;
    unsigned key;
};
static struct entry **volatile table;
static unsigned size;

APART static void put(struct entry *entry)
{
    entry->next = table[entry->key % size];
    table[entry->key % size] = entry;
}

APART static void resize(unsigned larger)
{
    struct entry **old = table;
    unsigned count = size;
    table = calloc(larger, sizeof *old); /* KEPT */
    size = larger;
    for (unsigned i = 0; i < count; i++)
        for (struct entry *entry = old[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            put(entry);
        }
    free(old);
}

APART static void add(unsigned key)
{
    struct entry *entry = malloc(sizeof *entry); /* LEAK 160 10 */
    entry->key = key;
    if (key % size == 0 && key != 0)
        resize(2 * size);
    put(entry);
}

int main(void)
{
    resize(8);
    for (unsigned i = 0; i < 1000; i++)
        add(i);
    resize(100);
    table[7] = NULL;
    scrub();
    return 0;
}
