/* The peer on wolfSSL. A spare session answers hellos without a good cookie, statelessly, and says when one was good.
   Debian's build has no static PSK. */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/random.h>

#include "peer.h"

#include <stdlib.h>
#include <string.h>

enum { SECRET_SIZE = 32, FIRST_TIMEOUT = 1000, LAST_TIMEOUT = 8000 };

struct session {
    WOLFSSL *ssl;
    uint64_t due; /* when what was sent is repeated */
    unsigned timeout;
};

static WOLFSSL_CTX *context;
static struct session *spare;
static struct client *current;
static int cookie_was_good;
static unsigned char secret[SECRET_SIZE];

static int receive(WOLFSSL *s, char *room, int size, void *data)
{
    (void) s, (void) data;
    return datagram_waits() ? (int) take_datagram(room, size) : WOLFSSL_CBIO_ERR_WANT_READ;
}

static int transmit(WOLFSSL *s, char *bytes, int size, void *data)
{
    (void) s, (void) data;
    send_datagram(current, bytes, size);
    return size;
}

static int good_cookie(WOLFSSL *s, void *data)
{
    (void) s, (void) data;
    cookie_was_good = 1;
    return 0;
}

static unsigned find_psk(WOLFSSL *s, const char *identity, unsigned char *key, unsigned room)
{
    (void) s;
    if (strcmp(identity, psk_identity) != 0 || room < KEY_SIZE)
        return 0;
    memcpy(key, psk_key, KEY_SIZE);
    return KEY_SIZE;
}

static void setup_credentials(const struct options *o)
{
    if (o->authentication != CERTIFICATE) {
        wolfSSL_CTX_set_psk_server_callback(context, find_psk);
        wolfSSL_CTX_use_psk_identity_hint(context, "peer");
    } else if (wolfSSL_CTX_use_certificate_file(context, o->certificate, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS ||
               wolfSSL_CTX_use_PrivateKey_file(context, o->key, WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS)
        die("certificate", 0);
}

void library_setup(const struct options *o)
{
    static const char *const suites[] = {
        [PSK] = "PSK-AES128-GCM-SHA256",
        [ECDHE_PSK] = "ECDHE-PSK-AES128-CBC-SHA256",
        [CERTIFICATE] = "ECDHE-ECDSA-AES128-GCM-SHA256",
    };
    wolfSSL_Init();
    context = wolfSSL_CTX_new(wolfDTLSv1_2_server_method());
    wolfSSL_CTX_SetIORecv(context, receive);
    wolfSSL_CTX_SetIOSend(context, transmit);
    wolfSSL_CTX_set_session_cache_mode(context, WOLFSSL_SESS_CACHE_OFF);
    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
    setup_credentials(o);
    if (wolfSSL_CTX_set_cipher_list(context, suites[o->authentication]) != WOLFSSL_SUCCESS)
        die("this build has no such suite", o->authentication);
    WC_RNG generator;
    wc_InitRng(&generator);
    wc_RNG_GenerateBlock(&generator, secret, sizeof secret);
    wc_FreeRng(&generator);
}

static struct session *new_session(void)
{
    struct session *z = calloc(1, sizeof *z);
    z->ssl = wolfSSL_new(context);
    if (z->ssl == NULL)
        die("wolfSSL_new", 0);
    wolfSSL_dtls_set_using_nonblock(z->ssl, 1);
    wolfSSL_DTLS_SetCookieSecret(z->ssl, secret, sizeof secret);
    wolfDTLS_SetChGoodCb(z->ssl, good_cookie, NULL);
    return z;
}

/* handshake returns 1 when it is complete, 0 when it waits for the client, -1 when it failed. */
static int handshake(WOLFSSL *s)
{
    int result = wolfSSL_accept(s);
    if (result == WOLFSSL_SUCCESS)
        return 1;
    int error = wolfSSL_get_error(s, result);
    return error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE ? 0 : -1;
}

void *library_greet(struct client *c)
{
    current = c;
    if (spare == NULL)
        spare = new_session();
    wolfSSL_dtls_set_peer(spare->ssl, &c->address, sizeof c->address);
    cookie_was_good = 0;
    int result = handshake(spare->ssl);
    struct session *greeted = cookie_was_good ? spare : NULL;
    if (greeted == NULL && result < 0)
        library_free(spare);
    if (greeted != NULL) {
        greeted->timeout = FIRST_TIMEOUT;
        greeted->due = milliseconds() + FIRST_TIMEOUT;
    }
    if (greeted != NULL || result < 0)
        spare = NULL;
    return greeted;
}

int library_receive(struct client *c)
{
    current = c;
    WOLFSSL *s = ((struct session *) c->session)->ssl;
    if (!c->established) {
        int result = handshake(s);
        if (result <= 0)
            return result;
        c->established = 1;
    }
    unsigned char data[MAX_DATAGRAM];
    int n;
    while ((n = wolfSSL_read(s, data, sizeof data)) > 0)
        wolfSSL_write(s, data, n);
    int error = wolfSSL_get_error(s, n);
    if (error == WOLFSSL_ERROR_WANT_READ)
        return 0;
    if (error == WOLFSSL_ERROR_ZERO_RETURN)
        wolfSSL_shutdown(s);
    return -1;
}

int library_timeout(struct client *c)
{
    struct session *z = c->session;
    current = c;
    if (milliseconds() < z->due)
        return 0;
    if (z->timeout < LAST_TIMEOUT)
        z->timeout *= 2;
    z->due = milliseconds() + z->timeout;
    wolfSSL_dtls_got_timeout(z->ssl);
    return 0;
}

void library_free(void *session)
{
    struct session *z = session;
    wolfSSL_free(z->ssl);
    free(z);
}
