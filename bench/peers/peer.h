/* What the files of a peer owe each other. socket.c has the socket, server.c the loop and the table of clients,
   and one file for each library has its sessions. */
#ifndef PEER_H
#define PEER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_DATAGRAM = 2048, MAX_BATCH = 64, ADDRESS_SIZE = 6, KEY_SIZE = 16 };

enum authentication { PSK, ECDHE_PSK, CERTIFICATE };

struct options {
    int port, batch; /* batch: datagrams that one system call reads or writes at most */
    enum authentication authentication;
    const char *groups;            /* separated by colons, the preferred one first */
    const char *certificate, *key; /* PEM files */
};

/* The pre-shared key of the identity "client". */
extern const unsigned char psk_key[KEY_SIZE];
extern const char psk_identity[];

/* --- socket.c --- */

void parse_options(int argc, char **argv, struct options *options);

/* die prints what failed and ends the program. */
void die(const char *what, long code) __attribute__((noreturn));

/* open_socket binds the port of 127.0.0.1. */
int open_socket(const struct options *options);

/* A batch is what one system call reads or writes. */
struct batch {
    unsigned char data[MAX_BATCH][MAX_DATAGRAM];
    size_t size[MAX_BATCH];
    struct sockaddr_in address[MAX_BATCH];
    int count;
};

/* read_batch returns the number of datagrams that it read, 0 if none is there. */
int read_batch(int socket, struct batch *batch, int most, int flags);
void write_batch(int socket, struct batch *batch);

/* --- server.c --- */

struct client {
    struct sockaddr_in address;
    void *session; /* of the library */
    int established;
    uint64_t begun; /* milliseconds */
    struct client *next;            /* of the same bucket */
    struct client *newer, *older;   /* those whose handshake is not complete */
};

/* take_datagram copies the datagram that arrived, once; 0 means that it was taken before. */
size_t take_datagram(void *room, size_t size);
int datagram_waits(void);

/* view_datagram shows it without taking it. */
const unsigned char *view_datagram(size_t *size);

void send_datagram(const struct client *to, const void *data, size_t size);
void address_bytes(const struct client *c, unsigned char out[ADDRESS_SIZE]);
uint64_t milliseconds(void);

/* --- the library --- */

void library_setup(const struct options *options);

/* library_greet answers a datagram of a client without a session and keeps nothing of it, or returns the session
   that begins because its cookie is good. Afterwards library_receive is called, whether or not the datagram was taken. */
void *library_greet(struct client *c);

/* library_receive continues the handshake, or echoes. It returns -1 when the session is over. */
int library_receive(struct client *c);

/* library_timeout is called now and then during a handshake. It returns -1 when the session is over. */
int library_timeout(struct client *c);

void library_free(void *session);

#endif
