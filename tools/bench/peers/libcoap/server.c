/*
 * A CoAP server on libcoap: POST anywhere is answered with 2.04 and 40 bytes. See ../README.md for its lines.
 *
 *     server PORT KEY      KEY is the pre-shared key of every identity, in hexadecimal digits
 */
#include <coap3/coap.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAYLOAD_BYTES 40
#define KEY_BYTES_MAX 64
/* A device is silent for hours: no session may end while it is being measured. */
#define SESSION_SECONDS 86400

static uint8_t key_bytes[KEY_BYTES_MAX];
static coap_bin_const_t key = {0, key_bytes};
static uint8_t payload[PAYLOAD_BYTES];

static const coap_bin_const_t *key_of(coap_bin_const_t *identity, coap_session_t *session, void *context) {
  (void)identity;
  (void)session;
  (void)context;
  return &key;
}

static void answer(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                   const coap_string_t *query, coap_pdu_t *response) {
  (void)resource;
  (void)session;
  (void)request;
  (void)query;
  coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
  coap_add_data(response, sizeof payload, payload);
}

static int read_key(const char *text) {
  size_t length = strlen(text) / 2;
  if (length == 0 || length > KEY_BYTES_MAX) return 0;
  for (size_t i = 0; i < length; i++) {
    unsigned int byte;
    if (sscanf(text + 2 * i, "%2x", &byte) != 1) return 0;
    key_bytes[i] = (uint8_t)byte;
  }
  key.length = length;
  return 1;
}

/* On a thread of its own, so that the server's loop makes no system call for it. */
static void *serve_lines(void *unused) {
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (strcmp(line, "memory\n") != 0) continue;
    struct mallinfo2 info = mallinfo2();
    printf("memory %zu\n", info.uordblks + info.hblkhd);
  }
  exit(0);
  return unused;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc != 3 || !read_key(argv[2])) {
    fprintf(stderr, "usage: server PORT KEY\n");
    return 2;
  }
  memset(payload, 'r', sizeof payload);
  coap_startup();
  coap_set_log_level(LOG_EMERG);
  coap_dtls_set_log_level(LOG_EMERG);
  coap_context_t *context = coap_new_context(NULL);
  if (context == NULL) return 1;
  coap_context_set_block_mode(context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
  coap_context_set_max_idle_sessions(context, 0);
  coap_context_set_session_timeout(context, SESSION_SECONDS);

  coap_dtls_spsk_t psk = {
      .version = COAP_DTLS_SPSK_SETUP_VERSION, .validate_id_call_back = key_of, .psk_info = {.key = key}};
  if (!coap_context_set_psk2(context, &psk)) return 1;

  coap_resource_t *anywhere = coap_resource_unknown_init(answer);
  coap_register_handler(anywhere, COAP_REQUEST_POST, answer);
  coap_add_resource(context, anywhere);

  coap_address_t address;
  coap_address_init(&address);
  address.addr.sin.sin_family = AF_INET;
  address.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.addr.sin.sin_port = htons((uint16_t)atoi(argv[1]));
  address.size = sizeof address.addr.sin;
  if (coap_new_endpoint(context, &address, COAP_PROTO_DTLS) == NULL) {
    fprintf(stderr, "cannot listen on 127.0.0.1:%s\n", argv[1]);
    return 1;
  }
  printf("ready %s\n", coap_package_version());
  pthread_t lines;
  if (pthread_create(&lines, NULL, serve_lines, NULL) != 0) return 1;
  while (coap_io_process(context, COAP_IO_WAIT) >= 0) {
  }
  return 1;
}
