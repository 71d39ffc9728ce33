/* The peer on Mbed TLS 2.28. */
#include "../peer/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/timing.h>
#include <mbedtls/x509_crt.h>

enum { READ_TIMEOUT = 100 }; /* milliseconds, for a datagram that turned out to hold no data */

static mbedtls_net_context net;
static mbedtls_ssl_context ssl;
static mbedtls_ssl_config config;
static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context generator;
static mbedtls_ssl_cookie_ctx cookies;
static mbedtls_timing_delay_context timer;
static mbedtls_x509_crt certificate, authority;
static mbedtls_pk_context key;
static int suites[2];
static mbedtls_ecp_group_id groups[2];
static const char *protocols[2];
static mbedtls_ssl_srtp_profile profiles[2] = {MBEDTLS_TLS_SRTP_UNSET, MBEDTLS_TLS_SRTP_UNSET};
static int serving;

static void check(const char *what, int code)
{
    if (code != 0)
        fail(what, code);
}

static void set_credentials(const struct options *o)
{
    if (o->psk) {
        unsigned char psk[MAX_PSK];
        size_t n = decode_hex(o->psk, psk, sizeof psk);
        check("psk", mbedtls_ssl_conf_psk(&config, psk, n, (const unsigned char *) o->identity, strlen(o->identity)));
    }
    if (o->cert) {
        check("cert", mbedtls_x509_crt_parse_file(&certificate, o->cert));
        check("key", mbedtls_pk_parse_keyfile(&key, o->key, NULL));
        check("own cert", mbedtls_ssl_conf_own_cert(&config, &certificate, &key));
    }
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_NONE);
    if (o->ca) {
        check("ca", mbedtls_x509_crt_parse_file(&authority, o->ca));
        mbedtls_ssl_conf_ca_chain(&config, &authority, NULL);
        mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    }
}

static void set_extensions(const struct options *o)
{
    if (o->group) {
        const mbedtls_ecp_curve_info *curve = mbedtls_ecp_curve_info_from_name(o->group);
        if (curve == NULL)
            fail("group", 0);
        groups[0] = curve->grp_id;
        mbedtls_ssl_conf_curves(&config, groups);
    }
    if (o->alpn) {
        protocols[0] = o->alpn;
        check("alpn", mbedtls_ssl_conf_alpn_protocols(&config, protocols));
    }
    if (o->srtp) {
        profiles[0] = (mbedtls_ssl_srtp_profile) strtol(o->srtp, NULL, 0);
        check("srtp", mbedtls_ssl_conf_dtls_srtp_protection_profiles(&config, profiles));
    }
}

static void configure(const struct options *o)
{
    mbedtls_ssl_config_init(&config);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&generator);
    mbedtls_x509_crt_init(&certificate);
    mbedtls_x509_crt_init(&authority);
    mbedtls_pk_init(&key);
    check("generator", mbedtls_ctr_drbg_seed(&generator, mbedtls_entropy_func, &entropy, NULL, 0));
    check("defaults", mbedtls_ssl_config_defaults(&config, o->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &generator);
    mbedtls_ssl_conf_read_timeout(&config, READ_TIMEOUT);
    suites[0] = mbedtls_ssl_get_ciphersuite_id(o->suite);
    if (suites[0] == 0)
        fail("suite", 0);
    mbedtls_ssl_conf_ciphersuites(&config, suites);
    if (o->server) {
        mbedtls_ssl_cookie_init(&cookies);
        check("cookies", mbedtls_ssl_cookie_setup(&cookies, mbedtls_ctr_drbg_random, &generator));
        mbedtls_ssl_conf_dtls_cookies(&config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookies);
    }
    set_credentials(o);
    set_extensions(o);
}

void library_setup(const struct options *o, int socket)
{
    configure(o);
    serving = o->server;
    net.fd = socket;
    mbedtls_ssl_init(&ssl);
    check("setup", mbedtls_ssl_setup(&ssl, &config));
    if (o->name)
        check("name", mbedtls_ssl_set_hostname(&ssl, o->name));
    if (o->mtu)
        mbedtls_ssl_set_mtu(&ssl, (uint16_t) atoi(o->mtu));
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
    mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
}

void library_handshake(void)
{
    int code;
    do {
        /* The socket has one client only, so any name for it will do. A reset forgets it. */
        if (serving)
            check("client", mbedtls_ssl_set_client_transport_id(&ssl, (const unsigned char *) "client", 6));
        code = mbedtls_ssl_handshake(&ssl);
        if (code == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED)
            check("reset", mbedtls_ssl_session_reset(&ssl));
    } while (code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE || code == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED);
    check("handshake", code);
}

void library_report(void)
{
    const mbedtls_x509_crt *theirs = mbedtls_ssl_get_peer_cert(&ssl);
    mbedtls_dtls_srtp_info srtp;
    char subject[256];
    if (mbedtls_ssl_get_alpn_protocol(&ssl))
        printf("alpn %s\n", mbedtls_ssl_get_alpn_protocol(&ssl));
    mbedtls_ssl_get_dtls_srtp_negotiation_result(&ssl, &srtp);
    if (srtp.chosen_dtls_srtp_profile != MBEDTLS_TLS_SRTP_UNSET)
        printf("srtp 0x%04x\n", srtp.chosen_dtls_srtp_profile);
    if (serving && theirs && mbedtls_x509_dn_gets(subject, sizeof subject, &theirs->subject) > 0)
        printf("client %s\n", subject);
    printf("suite %s\n", mbedtls_ssl_get_ciphersuite(&ssl));
}

int library_receive(void)
{
    unsigned char text[MAX_DATAGRAM];
    do {
        int n = mbedtls_ssl_read(&ssl, text, sizeof text);
        if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
            return 0;
        if (n == MBEDTLS_ERR_SSL_TIMEOUT || n == MBEDTLS_ERR_SSL_WANT_READ)
            return 1;
        if (n < 0)
            fail("read", n);
        printf("received %.*s\n", n, (char *) text);
    } while (mbedtls_ssl_check_pending(&ssl));
    return 1;
}

void library_send(const char *text, size_t length)
{
    int code = mbedtls_ssl_write(&ssl, (const unsigned char *) text, length);
    if (code < 0)
        fail("write", code);
}

void library_goodbye(void)
{
    mbedtls_ssl_close_notify(&ssl);
}
