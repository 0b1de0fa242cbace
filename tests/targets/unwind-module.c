/* A library for unwind-torture.cc: `call` calls back from a frame of ROOM bytes, so that two of them lie alike in
   memory and have to be walked differently. */

#ifndef ROOM
#define ROOM 16
#endif

void call(void (*function)(int), int x);

static __attribute__((noinline)) void inner(void (*function)(int), int x, volatile char *room)
{
    volatile char own[ROOM * 2];
    own[x % ROOM] = room[0];
    function(x + own[x % ROOM]);
    own[0] = 0;
}

void call(void (*function)(int), int x)
{
    volatile char room[ROOM];
    room[0] = 1;
    inner(function, x, room);
    room[0] = 2;
}
