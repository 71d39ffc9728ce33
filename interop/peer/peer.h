/* What peer/main.c and the library of a peer owe each other. */
#ifndef PEER_H
#define PEER_H

#include <netinet/in.h>
#include <stddef.h>

enum { MAX_DATAGRAM = 16384, MAX_PSK = 64 };

/* The options of the command line; those that were not given are NULL or 0. */
struct options {
    int server;
    struct sockaddr_in address; /* of the server */
    const char *suite;          /* by the library's name; the only one */
    const char *psk, *identity; /* the key in hex */
    const char *cert, *key;     /* of this side, PEM files */
    const char *ca, *name;      /* who signed the other side's certificate, which is demanded then, and whom it must name */
    const char *group, *alpn, *srtp;
    const char *mtu;            /* in bytes */
};

/* fail prints an error line, waits for the end of standard input and ends the program. */
void fail(const char *what, long code) __attribute__((noreturn));

/* decode_hex returns the number of bytes. */
size_t decode_hex(const char *text, unsigned char *out, size_t room);

/* library_setup prepares a connection over the socket, which is connected to the other side. */
void library_setup(const struct options *options, int socket);

/* library_handshake returns when the handshake is complete. */
void library_handshake(void);

/* library_report prints the lines that tell of the connection, the suite last. */
void library_report(void);

/* library_receive takes what has arrived, prints it, and returns 0 once the other side has said goodbye. */
int library_receive(void);

void library_send(const char *text, size_t length);
void library_goodbye(void);

#endif
