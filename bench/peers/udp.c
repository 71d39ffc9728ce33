/* Plain UDP: what a server without any encryption costs. */
#define _GNU_SOURCE
#include "peer.h"

#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    static struct batch batch;
    struct options options;
    parse_options(argc, argv, &options);
    int sock = open_socket(&options);
    printf("READY\n");
    fflush(stdout);
    for (;;) {
        read_batch(sock, &batch, options.batch, MSG_WAITFORONE);
        write_batch(sock, &batch);
    }
}
