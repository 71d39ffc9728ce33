/*
 * A peer is a DTLS 1.2 client or server for tests: this file and the library.c of a library.
 *
 *     peer server 127.0.0.1:0 suite=NAME psk=1a2b3c identity=me
 *     peer client 127.0.0.1:PORT suite=NAME ca=FILE name=localhost
 *
 * Each line of standard input is sent as one datagram, without its newline; at the end of the input the peer says
 * goodbye and exits. What happens is reported on standard output, one line each:
 *
 *     listening ADDRESS:PORT     a server waits for its client
 *     suite NAME                 the handshake is complete; alpn, srtp, client and resumed stand before it
 *     received TEXT              a datagram arrived
 *     goodbye                    close_notify arrived
 *     error WHAT CODE            the connection failed; the exit code will be 1
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char line[MAX_DATAGRAM];
static size_t line_length;

void fail(const char *what, long code)
{
    char rest[64];
    printf("error %s %ld\n", what, code);
    /* A socket that closed now would tell the other side that nobody is there, perhaps before it has read our alert. */
    while (read(STDIN_FILENO, rest, sizeof rest) > 0)
        ;
    exit(1);
}

size_t decode_hex(const char *text, unsigned char *out, size_t room)
{
    size_t n = 0;
    for (unsigned byte; n < room && sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (unsigned char) byte;
    return n;
}

static void parse_address(struct options *o, char *text)
{
    char *colon = strrchr(text, ':');
    if (colon == NULL)
        fail("address", 0);
    *colon = 0;
    o->address.sin_family = AF_INET;
    o->address.sin_port = htons((uint16_t) atoi(colon + 1));
    if (inet_pton(AF_INET, text, &o->address.sin_addr) != 1)
        fail("address", 0);
}

static void parse_option(struct options *o, char *text)
{
    struct { const char *name; const char **value; } known[] = {
        {"suite=", &o->suite}, {"psk=", &o->psk}, {"identity=", &o->identity}, {"cert=", &o->cert},
        {"key=", &o->key}, {"ca=", &o->ca}, {"name=", &o->name}, {"group=", &o->group},
        {"alpn=", &o->alpn}, {"srtp=", &o->srtp}, {"mtu=", &o->mtu},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(text, known[i].name, strlen(known[i].name)) == 0) {
            *known[i].value = text + strlen(known[i].name);
            return;
        }
    fail(text, 0);
}

static void parse_options(struct options *o, int argc, char **argv)
{
    if (argc < 3)
        fail("usage", 0);
    o->server = strcmp(argv[1], "server") == 0;
    parse_address(o, argv[2]);
    for (int i = 3; i < argc; i++)
        parse_option(o, argv[i]);
}

/* A server serves the first client that sends something. */
static void await_client(int fd)
{
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    char byte;
    if (recvfrom(fd, &byte, 1, MSG_PEEK, (struct sockaddr *) &from, &length) < 0)
        fail("recvfrom", errno);
    if (connect(fd, (struct sockaddr *) &from, length) != 0)
        fail("connect", errno);
}

static int open_socket(struct options *o)
{
    struct sockaddr *address = (struct sockaddr *) &o->address;
    socklen_t length = sizeof o->address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0)
        fail("socket", errno);
    if (!o->server) {
        if (connect(fd, address, length) != 0)
            fail("connect", errno);
        return fd;
    }
    if (bind(fd, address, length) != 0 || getsockname(fd, address, &length) != 0)
        fail("bind", errno);
    printf("listening %s:%d\n", inet_ntoa(o->address.sin_addr), ntohs(o->address.sin_port));
    await_client(fd);
    return fd;
}

/* send_lines sends what arrived on standard input and returns 0 at its end. */
static int send_lines(void)
{
    char *end;
    ssize_t n = read(STDIN_FILENO, line + line_length, sizeof line - line_length);
    if (n <= 0)
        return 0;
    line_length += (size_t) n;
    while ((end = memchr(line, '\n', line_length))) {
        size_t length = (size_t) (end - line);
        library_send(line, length);
        line_length -= length + 1;
        memmove(line, end + 1, line_length);
    }
    return 1;
}

static void converse(int fd)
{
    struct pollfd ready[2] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        if (poll(ready, 2, -1) < 0)
            fail("poll", errno);
        if (ready[0].revents && !library_receive()) {
            puts("goodbye");
            return;
        }
        if (ready[1].revents && !send_lines()) {
            library_goodbye();
            return;
        }
    }
}

int main(int argc, char **argv)
{
    struct options options = {0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    parse_options(&options, argc, argv);
    int fd = open_socket(&options);
    library_setup(&options, fd);
    library_handshake();
    library_report();
    converse(fd);
    return 0;
}
