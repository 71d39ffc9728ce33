/* The peer on OpenSSL 3. Datagrams come and go through a BIO of our own. A spare session answers hellos without a
   good cookie, and becomes the client's with a good one. */
#include "peer.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

enum { SECRET_SIZE = 32, MAC_SIZE = 32, LINK_MTU = 1500, HEADERS = 28 };

static const char suites[] =
    "PSK-AES128-GCM-SHA256:ECDHE-PSK-AES128-CBC-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0";

static SSL_CTX *context;
static BIO *bio;
static BIO_ADDR *nobody; /* DTLSv1_listen wants to say who asked; the server knows */
static EVP_MAC_CTX *cookie_mac;
static SSL *spare;
static struct client *current;

static int bio_write(BIO *b, const char *data, int size)
{
    BIO_clear_retry_flags(b);
    send_datagram(current, data, size);
    return size;
}

static int bio_read(BIO *b, char *room, int size)
{
    BIO_clear_retry_flags(b);
    if (datagram_waits())
        return take_datagram(room, size);
    BIO_set_retry_read(b);
    return -1;
}

static long bio_control(BIO *b, int command, long number, void *pointer)
{
    (void) b, (void) number, (void) pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP: return 1;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD: return HEADERS;
    default: return 0;
    }
}

static int bio_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

static int make_cookie(SSL *s, unsigned char *cookie, unsigned *size)
{
    (void) s;
    unsigned char address[ADDRESS_SIZE];
    size_t n;
    address_bytes(current, address);
    if (!EVP_MAC_init(cookie_mac, NULL, 0, NULL) || !EVP_MAC_update(cookie_mac, address, sizeof address) ||
        !EVP_MAC_final(cookie_mac, cookie, &n, MAC_SIZE))
        return 0;
    *size = n;
    return 1;
}

static int check_cookie(SSL *s, const unsigned char *cookie, unsigned size)
{
    unsigned char good[MAC_SIZE];
    unsigned good_size;
    return make_cookie(s, good, &good_size) && size == good_size && CRYPTO_memcmp(cookie, good, size) == 0;
}

static unsigned find_psk(SSL *s, const char *identity, unsigned char *key, unsigned room)
{
    (void) s;
    if (strcmp(identity, psk_identity) != 0 || room < KEY_SIZE)
        return 0;
    memcpy(key, psk_key, KEY_SIZE);
    return KEY_SIZE;
}

static void setup_bio(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_create(method, bio_create);
    bio = BIO_new(method);
    nobody = BIO_ADDR_new();
}

static void setup_cookies(void)
{
    unsigned char secret[SECRET_SIZE];
    RAND_bytes(secret, sizeof secret);
    cookie_mac = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "HMAC", NULL));
    OSSL_PARAM digest[] = {OSSL_PARAM_construct_utf8_string("digest", "SHA256", 0), OSSL_PARAM_construct_end()};
    EVP_MAC_init(cookie_mac, secret, sizeof secret, digest);
    SSL_CTX_set_cookie_generate_cb(context, make_cookie);
    SSL_CTX_set_cookie_verify_cb(context, check_cookie);
}

void library_setup(const struct options *o)
{
    setup_bio();
    context = SSL_CTX_new(DTLS_server_method());
    SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU | SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    setup_cookies();
    if (SSL_CTX_set_cipher_list(context, suites) != 1 || SSL_CTX_set1_groups_list(context, o->groups) != 1)
        die("suites or groups", 0);
    if (o->authentication != CERTIFICATE)
        SSL_CTX_set_psk_server_callback(context, find_psk);
    else if (SSL_CTX_use_certificate_file(context, o->certificate, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_use_PrivateKey_file(context, o->key, SSL_FILETYPE_PEM) != 1)
        die("certificate", 0);
}

static SSL *new_session(void)
{
    SSL *s = SSL_new(context);
    BIO_up_ref(bio);
    BIO_up_ref(bio);
    SSL_set_bio(s, bio, bio);
    DTLS_set_link_mtu(s, LINK_MTU);
    SSL_set_accept_state(s);
    return s;
}

void *library_greet(struct client *c)
{
    current = c;
    if (spare == NULL)
        spare = new_session();
    ERR_clear_error();
    if (DTLSv1_listen(spare, nobody) != 1)
        return NULL;
    SSL *greeted = spare;
    spare = NULL;
    return greeted;
}

static int waits(SSL *s, int result)
{
    int error = SSL_get_error(s, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

int library_receive(struct client *c)
{
    current = c;
    SSL *s = c->session;
    ERR_clear_error();
    if (!c->established) {
        int result = SSL_accept(s);
        if (result != 1)
            return waits(s, result) ? 0 : -1;
        c->established = 1;
    }
    unsigned char data[MAX_DATAGRAM];
    int n;
    while ((n = SSL_read(s, data, sizeof data)) > 0)
        SSL_write(s, data, n);
    if (waits(s, n))
        return 0;
    if (SSL_get_error(s, n) == SSL_ERROR_ZERO_RETURN)
        SSL_shutdown(s);
    return -1;
}

int library_timeout(struct client *c)
{
    current = c;
    return DTLSv1_handle_timeout(c->session) < 0 ? -1 : 0;
}

void library_free(void *session) { SSL_free(session); }
