/* The socket of a peer, which reads and writes in batches, and its command line. */
#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKET_BUFFER = 4 << 20 };

const unsigned char psk_key[KEY_SIZE] = {
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};
const char psk_identity[] = "client";

void die(const char *what, long code)
{
    fprintf(stderr, "%s: %ld (%s)\n", what, code, strerror(errno));
    exit(1);
}

static enum authentication authentication_named(const char *name)
{
    if (strcmp(name, "psk") == 0)
        return PSK;
    if (strcmp(name, "ecdhepsk") == 0)
        return ECDHE_PSK;
    if (strcmp(name, "cert") != 0)
        die("-a is psk, ecdhepsk or cert", 0);
    return CERTIFICATE;
}

void parse_options(int argc, char **argv, struct options *o)
{
    *o = (struct options){.batch = 1, .groups = "P-256"};
    for (int flag; (flag = getopt(argc, argv, "p:a:G:b:c:k:")) != -1;) {
        switch (flag) {
        case 'p': o->port = atoi(optarg); break;
        case 'a': o->authentication = authentication_named(optarg); break;
        case 'G': o->groups = optarg; break;
        case 'b': o->batch = atoi(optarg); break;
        case 'c': o->certificate = optarg; break;
        case 'k': o->key = optarg; break;
        default: die("usage: -p PORT [-a psk|ecdhepsk|cert] [-G GROUPS] [-b BATCH] [-c CERTIFICATE -k KEY]", 0);
        }
    }
    if (o->batch < 1 || o->batch > MAX_BATCH)
        die("-b is 1 to 64", o->batch);
    if (o->authentication == CERTIFICATE && (o->certificate == NULL || o->key == NULL))
        die("-a cert needs -c and -k", 0);
}

int open_socket(const struct options *o)
{
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (s < 0)
        die("socket", s);
    int size = SOCKET_BUFFER;
    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(o->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(s, (struct sockaddr *) &address, sizeof address) != 0)
        die("bind", o->port);
    return s;
}

/* describe makes the headers that the system calls want, for the datagrams from first on. */
static void describe(struct batch *b, int first, int count, struct mmsghdr *headers, struct iovec *vectors)
{
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){.iov_base = b->data[first + i], .iov_len = b->size[first + i]};
        headers[i].msg_hdr = (struct msghdr){
            .msg_name = &b->address[first + i], .msg_namelen = sizeof b->address[0], .msg_iov = &vectors[i], .msg_iovlen = 1,
        };
    }
}

static int read_one(int s, struct batch *b, int flags)
{
    socklen_t length = sizeof b->address[0];
    ssize_t n = recvfrom(s, b->data[0], MAX_DATAGRAM, flags & MSG_DONTWAIT, (struct sockaddr *) &b->address[0], &length);
    b->size[0] = n;
    return b->count = n > 0;
}

int read_batch(int s, struct batch *b, int most, int flags)
{
    if (most == 1)
        return read_one(s, b, flags);
    struct mmsghdr headers[MAX_BATCH];
    struct iovec vectors[MAX_BATCH];
    for (int i = 0; i < most; i++)
        b->size[i] = MAX_DATAGRAM;
    describe(b, 0, most, headers, vectors);
    int n = recvmmsg(s, headers, most, flags, NULL);
    b->count = n > 0 ? n : 0;
    for (int i = 0; i < b->count; i++)
        b->size[i] = headers[i].msg_len;
    return b->count;
}

void write_batch(int s, struct batch *b)
{
    if (b->count == 1)
        sendto(s, b->data[0], b->size[0], 0, (struct sockaddr *) &b->address[0], sizeof b->address[0]);
    else if (b->count > 1) {
        struct mmsghdr headers[MAX_BATCH];
        struct iovec vectors[MAX_BATCH];
        describe(b, 0, b->count, headers, vectors);
        for (int done = 0; done < b->count;) {
            int n = sendmmsg(s, headers + done, b->count - done, 0);
            done += n > 0 ? n : 1; /* one that cannot be sent is passed over */
        }
    }
    b->count = 0;
}
