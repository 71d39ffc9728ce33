/*
 * peer is a DTLS 1.2 client or server on Mbed TLS 2.28, for tests.
 *
 *     peer server 127.0.0.1:0 suite=TLS-PSK-WITH-AES-128-CCM-8 psk=1a2b3c identity=me
 *     peer client 127.0.0.1:PORT suite=... ca=FILE name=localhost
 *
 * Each line of standard input is sent as one datagram, without its newline; at the end of the input the peer says
 * goodbye and exits. What happens is reported on standard output, one line each:
 *
 *     listening ADDRESS:PORT     a server waits for its client
 *     suite NAME                 the handshake is complete; alpn, srtp and client follow where they were negotiated
 *     received TEXT              a datagram arrived
 *     goodbye                    close_notify arrived
 *     error NAME -0xCODE         the connection failed; the exit code is 1
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/timing.h>
#include <mbedtls/x509_crt.h>

enum { MAX_DATAGRAM = 16384, MAX_PSK = 64 };

struct options {
    int server;
    struct sockaddr_in address;
    const char *suite, *psk, *identity, *cert, *key, *ca, *name, *group, *alpn, *srtp, *mtu;
    int mutual;
};

struct peer {
    struct options options;
    mbedtls_net_context socket;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_cookie_ctx cookies;
    mbedtls_timing_delay_context timer;
    mbedtls_x509_crt certificate, authority;
    mbedtls_pk_context key;
    int suites[2];
    mbedtls_ecp_group_id groups[2];
    const char *protocols[2];
    mbedtls_ssl_srtp_profile profiles[2];
    char line[MAX_DATAGRAM];
    size_t line_length;
};

static void fail(const char *what, int code)
{
    printf("error %s -0x%04x\n", what, (unsigned) -code);
    exit(1);
}

static void check(const char *what, int code)
{
    if (code != 0)
        fail(what, code);
}

/* --- options */

static void parse_address(struct options *o, char *text)
{
    char *colon = strrchr(text, ':');
    if (colon == NULL)
        fail("address", 0);
    *colon = 0;
    o->address.sin_family = AF_INET;
    o->address.sin_port = htons(atoi(colon + 1));
    if (inet_pton(AF_INET, text, &o->address.sin_addr) != 1)
        fail("address", 0);
}

static void parse_options(struct options *o, int argc, char **argv)
{
    struct { const char *name; const char **value; } known[] = {
        {"suite", &o->suite}, {"psk", &o->psk}, {"identity", &o->identity}, {"cert", &o->cert},
        {"key", &o->key}, {"ca", &o->ca}, {"name", &o->name}, {"group", &o->group},
        {"alpn", &o->alpn}, {"srtp", &o->srtp}, {"mtu", &o->mtu},
    };
    if (argc < 3)
        fail("usage", 0);
    o->server = strcmp(argv[1], "server") == 0;
    parse_address(o, argv[2]);
    for (int i = 3; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        size_t length = equals ? (size_t) (equals - argv[i]) : strlen(argv[i]);
        size_t k = 0, n = sizeof known / sizeof *known;
        if (strcmp(argv[i], "mutual") == 0) {
            o->mutual = 1;
            continue;
        }
        while (k < n && (strlen(known[k].name) != length || strncmp(known[k].name, argv[i], length) != 0))
            k++;
        if (k == n || equals == NULL)
            fail(argv[i], 0);
        *known[k].value = equals + 1;
    }
}

/* --- configuration */

static size_t decode_hex(const char *text, unsigned char *out, size_t room)
{
    size_t n = 0;
    for (unsigned byte; n < room && sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (unsigned char) byte;
    return n;
}

static void configure_credentials(struct peer *p)
{
    const struct options *o = &p->options;
    if (o->psk) {
        unsigned char key[MAX_PSK];
        size_t n = decode_hex(o->psk, key, sizeof key);
        check("psk", mbedtls_ssl_conf_psk(&p->config, key, n, (const unsigned char *) o->identity, strlen(o->identity)));
    }
    if (o->cert) {
        check("cert", mbedtls_x509_crt_parse_file(&p->certificate, o->cert));
        check("key", mbedtls_pk_parse_keyfile(&p->key, o->key, NULL));
        check("own cert", mbedtls_ssl_conf_own_cert(&p->config, &p->certificate, &p->key));
    }
    mbedtls_ssl_conf_authmode(&p->config, MBEDTLS_SSL_VERIFY_NONE);
    if (o->ca && (!o->server || o->mutual)) {
        check("ca", mbedtls_x509_crt_parse_file(&p->authority, o->ca));
        mbedtls_ssl_conf_ca_chain(&p->config, &p->authority, NULL);
        mbedtls_ssl_conf_authmode(&p->config, MBEDTLS_SSL_VERIFY_REQUIRED);
    }
}

static void configure_extensions(struct peer *p)
{
    const struct options *o = &p->options;
    if (o->group) {
        const mbedtls_ecp_curve_info *curve = mbedtls_ecp_curve_info_from_name(o->group);
        if (curve == NULL)
            fail("group", 0);
        p->groups[0] = curve->grp_id;
        p->groups[1] = MBEDTLS_ECP_DP_NONE;
        mbedtls_ssl_conf_curves(&p->config, p->groups);
    }
    if (o->alpn) {
        p->protocols[0] = o->alpn;
        check("alpn", mbedtls_ssl_conf_alpn_protocols(&p->config, p->protocols));
    }
    if (o->srtp) {
        p->profiles[0] = (mbedtls_ssl_srtp_profile) strtol(o->srtp, NULL, 0);
        p->profiles[1] = MBEDTLS_TLS_SRTP_UNSET;
        check("srtp", mbedtls_ssl_conf_dtls_srtp_protection_profiles(&p->config, p->profiles));
    }
}

static void configure(struct peer *p)
{
    mbedtls_ssl_config_init(&p->config);
    mbedtls_entropy_init(&p->entropy);
    mbedtls_ctr_drbg_init(&p->random);
    mbedtls_ssl_cookie_init(&p->cookies);
    mbedtls_x509_crt_init(&p->certificate);
    mbedtls_x509_crt_init(&p->authority);
    mbedtls_pk_init(&p->key);
    check("random", mbedtls_ctr_drbg_seed(&p->random, mbedtls_entropy_func, &p->entropy, NULL, 0));
    check("defaults", mbedtls_ssl_config_defaults(&p->config, p->options.server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_min_version(&p->config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_rng(&p->config, mbedtls_ctr_drbg_random, &p->random);
    mbedtls_ssl_conf_read_timeout(&p->config, 100);
    p->suites[0] = mbedtls_ssl_get_ciphersuite_id(p->options.suite);
    if (p->suites[0] == 0)
        fail("suite", 0);
    mbedtls_ssl_conf_ciphersuites(&p->config, p->suites);
    if (p->options.server) {
        check("cookies", mbedtls_ssl_cookie_setup(&p->cookies, mbedtls_ctr_drbg_random, &p->random));
        mbedtls_ssl_conf_dtls_cookies(&p->config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &p->cookies);
    }
    configure_credentials(p);
    configure_extensions(p);
}

/* --- connection */

static void open_socket(struct peer *p)
{
    struct sockaddr_in *address = &p->options.address;
    socklen_t length = sizeof *address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0)
        fail("socket", errno);
    p->socket.fd = fd;
    if (!p->options.server) {
        if (connect(fd, (struct sockaddr *) address, length) != 0)
            fail("connect", errno);
        return;
    }
    if (bind(fd, (struct sockaddr *) address, length) != 0 || getsockname(fd, (struct sockaddr *) address, &length) != 0)
        fail("bind", errno);
    printf("listening %s:%d\n", inet_ntoa(address->sin_addr), ntohs(address->sin_port));
}

/* A server serves the first client that sends something. */
static void await_client(struct peer *p)
{
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    char byte;
    if (recvfrom(p->socket.fd, &byte, 1, MSG_PEEK, (struct sockaddr *) &from, &length) < 0)
        fail("recvfrom", errno);
    if (connect(p->socket.fd, (struct sockaddr *) &from, length) != 0)
        fail("connect", errno);
}

static void handshake(struct peer *p)
{
    int code;
    mbedtls_ssl_init(&p->ssl);
    check("setup", mbedtls_ssl_setup(&p->ssl, &p->config));
    if (p->options.name)
        check("name", mbedtls_ssl_set_hostname(&p->ssl, p->options.name));
    if (p->options.mtu)
        mbedtls_ssl_set_mtu(&p->ssl, (uint16_t) atoi(p->options.mtu));
    mbedtls_ssl_set_bio(&p->ssl, &p->socket, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
    mbedtls_ssl_set_timer_cb(&p->ssl, &p->timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    do {
        if (p->options.server)
            check("transport id", mbedtls_ssl_set_client_transport_id(&p->ssl, (const unsigned char *) "client", 6));
        code = mbedtls_ssl_handshake(&p->ssl);
        if (code == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED)
            check("reset", mbedtls_ssl_session_reset(&p->ssl));
    } while (code == MBEDTLS_ERR_SSL_WANT_READ || code == MBEDTLS_ERR_SSL_WANT_WRITE || code == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED);
    check("handshake", code);
}

static void report(struct peer *p)
{
    mbedtls_dtls_srtp_info srtp;
    const mbedtls_x509_crt *certificate = mbedtls_ssl_get_peer_cert(&p->ssl);
    char subject[256];
    if (mbedtls_ssl_get_alpn_protocol(&p->ssl))
        printf("alpn %s\n", mbedtls_ssl_get_alpn_protocol(&p->ssl));
    mbedtls_ssl_get_dtls_srtp_negotiation_result(&p->ssl, &srtp);
    if (srtp.chosen_dtls_srtp_profile != MBEDTLS_TLS_SRTP_UNSET)
        printf("srtp 0x%04x\n", srtp.chosen_dtls_srtp_profile);
    if (p->options.server && certificate && mbedtls_x509_dn_gets(subject, sizeof subject, &certificate->subject) > 0)
        printf("client %s\n", subject);
    printf("suite %s\n", mbedtls_ssl_get_ciphersuite(&p->ssl));
}

/* receive takes everything that has arrived and returns 0 once the other end has said goodbye. */
static int receive(struct peer *p)
{
    unsigned char text[MAX_DATAGRAM];
    for (;;) {
        int n = mbedtls_ssl_read(&p->ssl, text, sizeof text);
        if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
            puts("goodbye");
            return 0;
        }
        if (n == MBEDTLS_ERR_SSL_TIMEOUT || n == MBEDTLS_ERR_SSL_WANT_READ)
            return 1;
        if (n < 0)
            fail("read", n);
        printf("received %.*s\n", n, (char *) text);
        if (!mbedtls_ssl_check_pending(&p->ssl))
            return 1;
    }
}

/* send_lines sends what arrived on standard input and returns 0 at its end. */
static int send_lines(struct peer *p)
{
    char *end;
    ssize_t n = read(STDIN_FILENO, p->line + p->line_length, sizeof p->line - p->line_length);
    if (n <= 0)
        return 0;
    p->line_length += (size_t) n;
    while ((end = memchr(p->line, '\n', p->line_length))) {
        size_t length = (size_t) (end - p->line);
        int code = mbedtls_ssl_write(&p->ssl, (unsigned char *) p->line, length);
        if (code < 0)
            fail("write", code);
        p->line_length -= length + 1;
        memmove(p->line, end + 1, p->line_length);
    }
    return 1;
}

static void converse(struct peer *p)
{
    struct pollfd ready[2] = {{.fd = p->socket.fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        if (poll(ready, 2, -1) < 0)
            fail("poll", errno);
        if (ready[0].revents && !receive(p))
            return;
        if (ready[1].revents && !send_lines(p)) {
            mbedtls_ssl_close_notify(&p->ssl);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    static struct peer p;
    setvbuf(stdout, NULL, _IOLBF, 0);
    parse_options(&p.options, argc, argv);
    configure(&p);
    open_socket(&p);
    if (p.options.server)
        await_client(&p);
    handshake(&p);
    report(&p);
    converse(&p);
    return 0;
}
