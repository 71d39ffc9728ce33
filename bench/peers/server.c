/* The loop of the peers that speak DTLS: one thread, one socket, clients in a table by their address. */
#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum {
    BUCKETS = 1 << 18,
    TICK = 50,                 /* milliseconds between two looks at the handshakes */
    HANDSHAKE_TIMEOUT = 20000, /* milliseconds */
    HANDSHAKE_RECORD = 22,
    RECORD_HEADER = 13,
    READS_AT_A_TIME = 256, /* before the handshakes get their look */
};

static int sock, batch_size;
static struct batch in, out;

/* The datagram that is being handled. */
static const unsigned char *datagram;
static size_t datagram_size;

static struct client *buckets[BUCKETS];
static struct client handshakes = {.newer = &handshakes, .older = &handshakes};

uint64_t milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

int datagram_waits(void) { return datagram_size > 0; }

const unsigned char *view_datagram(size_t *size)
{
    *size = datagram_size;
    return datagram;
}

size_t take_datagram(void *room, size_t size)
{
    size_t n = datagram_size < size ? datagram_size : size;
    memcpy(room, datagram, n);
    datagram_size = 0;
    return n;
}

void send_datagram(const struct client *to, const void *data, size_t size)
{
    if (size > MAX_DATAGRAM)
        return;
    int i = out.count++;
    memcpy(out.data[i], data, size);
    out.size[i] = size;
    out.address[i] = to->address;
    if (out.count == batch_size)
        write_batch(sock, &out);
}

void address_bytes(const struct client *c, unsigned char bytes[ADDRESS_SIZE])
{
    memcpy(bytes, &c->address.sin_addr, 4);
    memcpy(bytes + 4, &c->address.sin_port, 2);
}

static struct client **bucket_of(const struct sockaddr_in *a)
{
    uint64_t key = (uint64_t) a->sin_addr.s_addr << 16 | a->sin_port;
    return &buckets[key * 0x9e3779b97f4a7c15ull >> 46];
}

static int same_address(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_addr.s_addr == b->sin_addr.s_addr && a->sin_port == b->sin_port;
}

static struct client *find(const struct sockaddr_in *a)
{
    struct client *c = *bucket_of(a);
    while (c != NULL && !same_address(&c->address, a))
        c = c->next;
    return c;
}

static void leave_handshakes(struct client *c)
{
    if (c->newer == NULL)
        return;
    c->newer->older = c->older;
    c->older->newer = c->newer;
    c->newer = c->older = NULL;
}

static void join_handshakes(struct client *c)
{
    c->older = handshakes.older;
    c->newer = &handshakes;
    c->older->newer = handshakes.older = c;
}

static struct client *add(const struct client *greeted, void *session)
{
    struct client *c = malloc(sizeof *c);
    *c = *greeted;
    c->session = session;
    c->begun = milliseconds();
    struct client **bucket = bucket_of(&c->address);
    c->next = *bucket;
    *bucket = c;
    join_handshakes(c);
    return c;
}

static void drop(struct client *c)
{
    struct client **link = bucket_of(&c->address);
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    leave_handshakes(c);
    library_free(c->session);
    free(c);
}

static void receive(const struct sockaddr_in *from, const unsigned char *data, size_t size)
{
    datagram = data;
    datagram_size = size;
    struct client *c = find(from);
    if (c == NULL) {
        struct client stranger = {.address = *from};
        if (size <= RECORD_HEADER || data[0] != HANDSHAKE_RECORD)
            return;
        void *session = library_greet(&stranger);
        if (session == NULL)
            return;
        c = add(&stranger, session);
    }
    if (library_receive(c) < 0)
        drop(c);
    else if (c->established)
        leave_handshakes(c);
}

static void look_at_handshakes(void)
{
    uint64_t now = milliseconds();
    datagram_size = 0;
    for (struct client *c = handshakes.newer, *next; c != &handshakes; c = next) {
        next = c->newer;
        if (now - c->begun > HANDSHAKE_TIMEOUT || library_timeout(c) < 0)
            drop(c);
    }
    write_batch(sock, &out);
}

static void read_what_is_there(void)
{
    for (int reads = 0; reads < READS_AT_A_TIME && read_batch(sock, &in, batch_size, MSG_DONTWAIT) > 0; reads++) {
        int full = in.count == batch_size;
        for (int i = 0; i < in.count; i++)
            receive(&in.address[i], in.data[i], in.size[i]);
        write_batch(sock, &out);
        if (!full)
            return;
    }
}

int main(int argc, char **argv)
{
    struct options options;
    parse_options(argc, argv, &options);
    batch_size = options.batch;
    sock = open_socket(&options);
    library_setup(&options);
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(poll, EPOLL_CTL_ADD, sock, &event);
    printf("READY\n");
    fflush(stdout);
    for (uint64_t looked = milliseconds();;) {
        epoll_wait(poll, &event, 1, TICK);
        read_what_is_there();
        if (milliseconds() - looked >= TICK) {
            looked = milliseconds();
            look_at_handshakes();
        }
    }
}
