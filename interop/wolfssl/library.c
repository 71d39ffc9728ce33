/* The peer on wolfSSL 5.5. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "../peer/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static WOLFSSL_CTX *context;
static WOLFSSL *ssl;
static struct options given;
static int fd;

static void check(const char *what, int code)
{
    if (code != WOLFSSL_SUCCESS)
        fail(what, code);
}

static unsigned int psk_of_client(WOLFSSL *s, const char *hint, char *identity, unsigned int identity_room, unsigned char *key, unsigned int key_room)
{
    (void) s;
    (void) hint;
    snprintf(identity, identity_room, "%s", given.identity);
    return (unsigned int) decode_hex(given.psk, key, key_room);
}

static unsigned int psk_of_server(WOLFSSL *s, const char *identity, unsigned char *key, unsigned int key_room)
{
    (void) s;
    return strcmp(identity, given.identity) == 0 ? (unsigned int) decode_hex(given.psk, key, key_room) : 0;
}

static void set_credentials(void)
{
    if (given.psk) {
        wolfSSL_CTX_set_psk_client_callback(context, psk_of_client);
        wolfSSL_CTX_set_psk_server_callback(context, psk_of_server);
    }
    if (given.cert) {
        check("cert", wolfSSL_CTX_use_certificate_file(context, given.cert, WOLFSSL_FILETYPE_PEM));
        check("key", wolfSSL_CTX_use_PrivateKey_file(context, given.key, WOLFSSL_FILETYPE_PEM));
    }
    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
    if (given.ca) {
        check("ca", wolfSSL_CTX_load_verify_locations(context, given.ca, NULL));
        wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
}

static void set_group(void)
{
    static const struct { const char *name; word16 id; } known[] = {
        {"X25519", WOLFSSL_ECC_X25519}, {"P-256", WOLFSSL_ECC_SECP256R1}, {"P-384", WOLFSSL_ECC_SECP384R1},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (given.group == NULL || strcmp(given.group, known[i].name) == 0)
            check("group", wolfSSL_CTX_UseSupportedCurve(context, known[i].id));
}

void library_setup(const struct options *o, int socket)
{
    given = *o;
    fd = socket;
    wolfSSL_Init();
    context = wolfSSL_CTX_new(o->server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method());
    check("suite", wolfSSL_CTX_set_cipher_list(context, o->suite));
    set_credentials();
    if (!o->server)
        set_group();
    ssl = wolfSSL_new(context);
    if (o->name)
        check("name", wolfSSL_check_domain_name(ssl, o->name));
    if (o->alpn)
        check("alpn", wolfSSL_UseALPN(ssl, (char *) o->alpn, (unsigned int) strlen(o->alpn), WOLFSSL_ALPN_FAILED_ON_MISMATCH));
    struct sockaddr_in other;
    socklen_t length = sizeof other;
    if (getpeername(fd, (struct sockaddr *) &other, &length) != 0)
        fail("getpeername", 0);
    check("peer", wolfSSL_dtls_set_peer(ssl, &other, length));
    check("fd", wolfSSL_set_fd(ssl, fd));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    wolfSSL_dtls_set_using_nonblock(ssl, 1);
}

void library_handshake(void)
{
    for (;;) {
        int code = given.server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl);
        if (code == WOLFSSL_SUCCESS)
            return;
        int error = wolfSSL_get_error(ssl, code);
        if (error != WOLFSSL_ERROR_WANT_READ && error != WOLFSSL_ERROR_WANT_WRITE)
            fail("handshake", error);
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, 1000 * wolfSSL_dtls_get_current_timeout(ssl)) == 0 && wolfSSL_dtls_got_timeout(ssl) != WOLFSSL_SUCCESS)
            fail("timeout", wolfSSL_get_error(ssl, 0));
    }
}

void library_report(void)
{
    char *protocol;
    word16 length;
    if (wolfSSL_ALPN_GetProtocol(ssl, &protocol, &length) == WOLFSSL_SUCCESS)
        printf("alpn %.*s\n", length, protocol);
    WOLFSSL_X509 *theirs = wolfSSL_get_peer_certificate(ssl);
    if (given.server && theirs)
        printf("client CN=%s\n", wolfSSL_X509_get_subjectCN(theirs));
    if (wolfSSL_session_reused(ssl))
        puts("resumed");
    printf("suite %s\n", wolfSSL_get_cipher_name(ssl));
}

int library_receive(void)
{
    char text[MAX_DATAGRAM];
    for (;;) {
        int n = wolfSSL_read(ssl, text, sizeof text);
        int error = n > 0 ? 0 : wolfSSL_get_error(ssl, n);
        if (n > 0)
            printf("received %.*s\n", n, text);
        else if (error == WOLFSSL_ERROR_ZERO_RETURN)
            return 0;
        else if (error == WOLFSSL_ERROR_WANT_READ)
            return 1;
        else
            fail("read", error);
    }
}

void library_send(const char *text, size_t length)
{
    int code = wolfSSL_write(ssl, text, (int) length);
    if (code != (int) length)
        fail("write", wolfSSL_get_error(ssl, code));
}

void library_goodbye(void)
{
    wolfSSL_shutdown(ssl);
}
