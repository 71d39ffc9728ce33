/* The peer on GnuTLS. Cookies are made and checked on the datagram, before there is a session. */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>

enum { MTU = 1472, RETRANSMIT = 1000, GIVE_UP = 20000 };

static gnutls_datum_t cookie_key;
static gnutls_certificate_credentials_t certificates;
static gnutls_psk_server_credentials_t keys;
static gnutls_priority_t priority;
static gnutls_session_t current;
static int with_certificate;

static void check(const char *what, int code)
{
    if (code < 0)
        die(what, code);
}

static ssize_t push(gnutls_transport_ptr_t client, const void *data, size_t size)
{
    send_datagram(client, data, size);
    return size;
}

static ssize_t pull(gnutls_transport_ptr_t client, void *room, size_t size)
{
    (void) client;
    if (datagram_waits())
        return take_datagram(room, size);
    gnutls_transport_set_errno(current, EAGAIN);
    return -1;
}

static int pull_timeout(gnutls_transport_ptr_t client, unsigned milliseconds)
{
    (void) client, (void) milliseconds;
    return datagram_waits();
}

static int find_psk(gnutls_session_t s, const char *identity, gnutls_datum_t *key)
{
    (void) s;
    if (strcmp(identity, psk_identity) != 0)
        return -1;
    key->data = gnutls_malloc(KEY_SIZE);
    key->size = KEY_SIZE;
    memcpy(key->data, psk_key, KEY_SIZE);
    return 0;
}

static void setup_priority(const struct options *o)
{
    static const char *const exchange[] = {[PSK] = "PSK", [ECDHE_PSK] = "ECDHE-PSK", [CERTIFICATE] = "ECDHE-ECDSA"};
    const char *cipher = o->authentication == ECDHE_PSK ? "AES-128-CBC" : "AES-128-GCM";
    const char *groups = strstr(o->groups, "25519") ? "+GROUP-X25519:+GROUP-SECP256R1" : "+GROUP-SECP256R1";
    char text[300];
    snprintf(text, sizeof text,
        "NONE:+VERS-DTLS1.2:+%s:+%s:+AEAD:+SHA256:+COMP-NULL:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256:+CTYPE-X509:%s",
        exchange[o->authentication], cipher, groups);
    check("priority", gnutls_priority_init(&priority, text, NULL));
}

void library_setup(const struct options *o)
{
    gnutls_global_init();
    check("cookie key", gnutls_key_generate(&cookie_key, GNUTLS_COOKIE_KEY_SIZE));
    setup_priority(o);
    with_certificate = o->authentication == CERTIFICATE;
    gnutls_certificate_allocate_credentials(&certificates);
    if (with_certificate)
        check("certificate",
            gnutls_certificate_set_x509_key_file(certificates, o->certificate, o->key, GNUTLS_X509_FMT_PEM));
    gnutls_psk_allocate_server_credentials(&keys);
    gnutls_psk_set_server_credentials_function(keys, find_psk);
}

static gnutls_session_t new_session(gnutls_dtls_prestate_st *state)
{
    gnutls_session_t s;
    gnutls_init(&s, GNUTLS_SERVER | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS);
    gnutls_priority_set(s, priority);
    if (with_certificate)
        gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, certificates);
    else
        gnutls_credentials_set(s, GNUTLS_CRD_PSK, keys);
    gnutls_dtls_prestate_set(s, state);
    gnutls_dtls_set_mtu(s, MTU);
    gnutls_dtls_set_timeouts(s, RETRANSMIT, GIVE_UP);
    gnutls_transport_set_push_function(s, push);
    gnutls_transport_set_pull_function(s, pull);
    gnutls_transport_set_pull_timeout_function(s, pull_timeout);
    return s;
}

void *library_greet(struct client *c)
{
    gnutls_dtls_prestate_st state = {0};
    unsigned char address[ADDRESS_SIZE];
    size_t size;
    void *data = (void *) view_datagram(&size);
    address_bytes(c, address);
    if (gnutls_dtls_cookie_verify(&cookie_key, address, sizeof address, data, size, &state) >= 0)
        return new_session(&state);
    gnutls_dtls_cookie_send(&cookie_key, address, sizeof address, &state, c, push);
    return NULL;
}

/* handshake returns 1 when it is complete, 0 when it waits for the client, -1 when it failed. */
static int handshake(gnutls_session_t s)
{
    int result;
    do
        result = gnutls_handshake(s);
    while (result == GNUTLS_E_INTERRUPTED || result == GNUTLS_E_WARNING_ALERT_RECEIVED ||
           (result == GNUTLS_E_AGAIN && datagram_waits()));
    if (result == GNUTLS_E_AGAIN)
        return 0;
    return result < 0 ? -1 : 1;
}

static int echo(gnutls_session_t s)
{
    unsigned char data[MAX_DATAGRAM];
    for (;;) {
        ssize_t n = gnutls_record_recv(s, data, sizeof data);
        if (n > 0)
            gnutls_record_send(s, data, n);
        else if (n == GNUTLS_E_AGAIN && !datagram_waits())
            return 0;
        else if (n == 0) {
            gnutls_bye(s, GNUTLS_SHUT_WR);
            return -1;
        } else if (n != GNUTLS_E_AGAIN && n != GNUTLS_E_INTERRUPTED)
            return -1;
    }
}

int library_receive(struct client *c)
{
    current = c->session;
    gnutls_transport_set_ptr(current, c);
    if (!c->established) {
        int result = handshake(current);
        if (result <= 0)
            return result;
        c->established = 1;
    }
    return echo(current);
}

int library_timeout(struct client *c)
{
    current = c->session;
    if (gnutls_dtls_get_timeout(current) > 0)
        return 0;
    int result = gnutls_handshake(current);
    return result == 0 || result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED ? 0 : -1;
}

void library_free(void *session) { gnutls_deinit(session); }
