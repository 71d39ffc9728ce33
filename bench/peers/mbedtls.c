/* The peer on Mbed TLS 2.28. A spare session answers hellos without a good cookie and is reset after each. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/x509_crt.h>

enum { MTU = 1472 };

struct session {
    mbedtls_ssl_context ssl;
    uint64_t intermediate, final; /* deadlines of the timer */
    int armed;
};

static mbedtls_ssl_config config;
static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context generator;
static mbedtls_ssl_cookie_ctx cookies;
static mbedtls_x509_crt certificate;
static mbedtls_pk_context key;
static struct session *spare;
static struct client *current;

static void check(const char *what, int code)
{
    if (code != 0)
        die(what, code);
}

static int transmit(void *data, const unsigned char *bytes, size_t size)
{
    (void) data;
    send_datagram(current, bytes, size);
    return size;
}

static int receive(void *data, unsigned char *room, size_t size)
{
    (void) data;
    return datagram_waits() ? (int) take_datagram(room, size) : MBEDTLS_ERR_SSL_WANT_READ;
}

static void set_timer(void *data, uint32_t intermediate, uint32_t final)
{
    struct session *z = data;
    uint64_t now = milliseconds();
    z->armed = final != 0;
    z->intermediate = now + intermediate;
    z->final = now + final;
}

/* get_timer answers as mbedtls_ssl_get_timer_t wants it: -1 stopped, 2 past the last deadline, 1 past the first. */
static int get_timer(void *data)
{
    struct session *z = data;
    uint64_t now = milliseconds();
    if (!z->armed)
        return -1;
    if (now >= z->final)
        return 2;
    return now >= z->intermediate;
}

static void setup_suite(const struct options *o)
{
    static const int suites[] = {
        [PSK] = MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256,
        [ECDHE_PSK] = MBEDTLS_TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,
        [CERTIFICATE] = MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    };
    static int chosen[2];
    static mbedtls_ecp_group_id groups[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE, MBEDTLS_ECP_DP_NONE};
    chosen[0] = suites[o->authentication];
    if (strstr(o->groups, "25519")) {
        groups[0] = MBEDTLS_ECP_DP_CURVE25519;
        groups[1] = MBEDTLS_ECP_DP_SECP256R1;
    }
    mbedtls_ssl_conf_ciphersuites(&config, chosen);
    mbedtls_ssl_conf_curves(&config, groups);
}

static void setup_credentials(const struct options *o)
{
    if (o->authentication != CERTIFICATE) {
        check("key", mbedtls_ssl_conf_psk(&config, psk_key, KEY_SIZE, (const unsigned char *) psk_identity, strlen(psk_identity)));
        return;
    }
    mbedtls_x509_crt_init(&certificate);
    mbedtls_pk_init(&key);
    check("certificate", mbedtls_x509_crt_parse_file(&certificate, o->certificate));
    check("private key", mbedtls_pk_parse_keyfile(&key, o->key, NULL));
    check("own certificate", mbedtls_ssl_conf_own_cert(&config, &certificate, &key));
}

void library_setup(const struct options *o)
{
    mbedtls_ssl_config_init(&config);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&generator);
    check("generator", mbedtls_ctr_drbg_seed(&generator, mbedtls_entropy_func, &entropy, NULL, 0));
    check("defaults", mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
        MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &generator);
    mbedtls_ssl_cookie_init(&cookies);
    check("cookies", mbedtls_ssl_cookie_setup(&cookies, mbedtls_ctr_drbg_random, &generator));
    mbedtls_ssl_conf_dtls_cookies(&config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookies);
    setup_suite(o);
    setup_credentials(o);
}

static struct session *new_session(void)
{
    struct session *z = calloc(1, sizeof *z);
    mbedtls_ssl_init(&z->ssl);
    check("session", mbedtls_ssl_setup(&z->ssl, &config));
    mbedtls_ssl_set_bio(&z->ssl, NULL, transmit, receive, NULL);
    mbedtls_ssl_set_timer_cb(&z->ssl, z, set_timer, get_timer);
    mbedtls_ssl_set_mtu(&z->ssl, MTU);
    return z;
}

/* handshake returns 1 when it is complete, 0 when it waits for the client, -1 when it failed. */
static int handshake(struct session *z)
{
    int result;
    do
        result = mbedtls_ssl_handshake(&z->ssl);
    while (result == MBEDTLS_ERR_SSL_WANT_READ && datagram_waits());
    if (result == 0)
        return 1;
    return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE ? 0 : -1;
}

void *library_greet(struct client *c)
{
    unsigned char address[ADDRESS_SIZE];
    current = c;
    if (spare == NULL)
        spare = new_session();
    address_bytes(c, address);
    check("address", mbedtls_ssl_set_client_transport_id(&spare->ssl, address, sizeof address));
    if (handshake(spare) == 0 && spare->ssl.state > MBEDTLS_SSL_CLIENT_HELLO) {
        struct session *greeted = spare;
        spare = NULL;
        return greeted;
    }
    check("reset", mbedtls_ssl_session_reset(&spare->ssl));
    spare->armed = 0;
    return NULL;
}

static int echo(mbedtls_ssl_context *s)
{
    unsigned char data[MAX_DATAGRAM];
    for (;;) {
        int n = mbedtls_ssl_read(s, data, sizeof data);
        if (n > 0)
            mbedtls_ssl_write(s, data, n);
        else if (n != MBEDTLS_ERR_SSL_WANT_READ) {
            if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
                mbedtls_ssl_close_notify(s);
            return -1;
        } else if (!datagram_waits())
            return 0;
    }
}

int library_receive(struct client *c)
{
    struct session *z = c->session;
    current = c;
    if (!c->established) {
        int result = handshake(z);
        if (result <= 0)
            return result;
        c->established = 1;
    }
    return echo(&z->ssl);
}

int library_timeout(struct client *c)
{
    current = c;
    if (get_timer(c->session) != 2)
        return 0;
    return handshake(c->session) < 0 ? -1 : 0;
}

void library_free(void *session)
{
    struct session *z = session;
    mbedtls_ssl_free(&z->ssl);
    free(z);
}
