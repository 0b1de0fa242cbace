# Builds the example against an installed syseng-mem: make -f example.mk
CFLAGS = -g -O0 -Wall
CURL = $(shell pkg-config --cflags --libs syseng-mem-client)
MICROHTTPD = $(shell pkg-config --cflags --libs libmicrohttpd)

all: app memory-client

app: main.c app.c app.h
	$(CC) -D_GNU_SOURCE $(CFLAGS) -o $@ main.c app.c $(MICROHTTPD)

memory-client: memory-client.c app.c app.h
	$(CC) -D_GNU_SOURCE $(CFLAGS) -o $@ memory-client.c app.c $(CURL) $(MICROHTTPD)

.PHONY: all
