// A DTLS 1.2 client for interoperability tests: wolfSSL with a pre-shared key, with or without connection ids (RFC 9146).
// It speaks the record protocol of ../README.md on stdin and stdout.
#include <wolfssl/wolfcrypt/settings.h>
#include <wolfssl/ssl.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_BYTES_MAX = 16384, CID_BYTES_MAX = 255 };

static int port = 5684, cid_bytes = -1, within_millis = 10000, resume;
static const char *identity = "", *suite = "CCM_8";
static unsigned char psk[64];
static int psk_bytes;

static void die(const char *reason) {
  fprintf(stderr, "no session: %s\n", reason);
  exit(1);
}

static void out_of_time(int signal) {
  static const char text[] = "no session in time\n";
  (void)signal;
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(2);
  _exit(1);
}

/** Bytes read from `hex` up to the first character that is no digit; at most `size`. */
static int decode_hex(const char *hex, unsigned char *bytes, int size) {
  int count = 0;
  for (unsigned byte; count < size && isxdigit((unsigned char)hex[0]) && sscanf(hex, "%2x", &byte) == 1; hex += 2)
    bytes[count++] = (unsigned char)byte;
  return count;
}

static unsigned int tell_psk(WOLFSSL *ssl, const char *hint, char *identity_out, unsigned int identity_size,
                             unsigned char *key, unsigned int key_size) {
  (void)ssl, (void)hint;
  if (strlen(identity) >= identity_size || (unsigned)psk_bytes > key_size) return 0;
  strcpy(identity_out, identity);
  memcpy(key, psk, psk_bytes);
  return psk_bytes;
}

static int connected_socket(void) {
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port)};
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) != 0) die(strerror(errno));
  return fd;
}

/** A session after its handshake; an abbreviated one if the server still has `earlier`. */
static WOLFSSL *handshake(WOLFSSL_CTX *context, WOLFSSL_SESSION *earlier) {
  WOLFSSL *ssl = wolfSSL_new(context);
  if (ssl == NULL || wolfSSL_set_dtls_fd_connected(ssl, connected_socket()) != WOLFSSL_SUCCESS) die("wolfSSL_new");
  if (cid_bytes >= 0) {
    unsigned char cid[CID_BYTES_MAX];
    for (int i = 0; i < cid_bytes; i++) cid[i] = (unsigned char)(0xc0 + i);
    if (wolfSSL_dtls_cid_use(ssl) != WOLFSSL_SUCCESS) die("wolfSSL_dtls_cid_use");
    if (cid_bytes > 0 && wolfSSL_dtls_cid_set(ssl, cid, cid_bytes) != WOLFSSL_SUCCESS) die("wolfSSL_dtls_cid_set");
  }
  if (earlier != NULL && wolfSSL_set_session(ssl, earlier) != WOLFSSL_SUCCESS) die("wolfSSL_set_session");
  if (wolfSSL_connect(ssl) != WOLFSSL_SUCCESS) {
    char text[WOLFSSL_MAX_ERROR_SZ];
    die(wolfSSL_ERR_error_string(wolfSSL_get_error(ssl, 0), text));
  }
  return ssl;
}

/** Writes every record that has come, one a line. False when the session has ended. */
static int tell_records(WOLFSSL *ssl) {
  unsigned char record[RECORD_BYTES_MAX];
  for (int count; (count = wolfSSL_read(ssl, record, sizeof record)) > 0;) {
    for (int i = 0; i < count; i++) printf("%02x", record[i]);
    printf("\n");
    fflush(stdout);
  }
  return wolfSSL_get_error(ssl, 0) == WOLFSSL_ERROR_WANT_READ;
}

/** Sends every line that has come, one a record. False when there are no more. */
static int send_lines(WOLFSSL *ssl) {
  static char input[2 * RECORD_BYTES_MAX + 2];
  static size_t held;
  ssize_t count = read(STDIN_FILENO, input + held, sizeof input - 1 - held);
  if (count <= 0) return 0;
  held += (size_t)count;
  input[held] = 0;
  char *start = input;
  for (char *end; (end = strchr(start, '\n')) != NULL; start = end + 1) {
    unsigned char record[RECORD_BYTES_MAX];
    int bytes = decode_hex(start, record, sizeof record);
    if (wolfSSL_write(ssl, record, bytes) != bytes) return 0;
  }
  held -= (size_t)(start - input);
  memmove(input, start, held);
  return 1;
}

static void carry(WOLFSSL *ssl) {
  int fd = wolfSSL_get_fd(ssl);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  wolfSSL_dtls_set_using_nonblock(ssl, 1);
  struct pollfd sources[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
  while (poll(sources, 2, -1) > 0) {
    if (sources[1].revents != 0 && !tell_records(ssl)) return;
    if (sources[0].revents != 0 && !send_lines(ssl)) return;
  }
}

static void read_flags(int count, char **words) {
  for (int i = 1; i + 1 < count; i += 2) {
    const char *flag = words[i], *value = words[i + 1];
    if (strcmp(flag, "-port") == 0) port = atoi(value);
    else if (strcmp(flag, "-identity") == 0) identity = value;
    else if (strcmp(flag, "-psk") == 0) psk_bytes = decode_hex(value, psk, sizeof psk);
    else if (strcmp(flag, "-suite") == 0) suite = value;
    else if (strcmp(flag, "-within") == 0) within_millis = atoi(value);
    else if (strcmp(flag, "-cid") == 0) cid_bytes = atoi(value);
    else if (strcmp(flag, "-resume") == 0) resume = atoi(value);
    else die("it takes -port -identity -psk -suite -within -cid -resume");
  }
  if (cid_bytes > CID_BYTES_MAX) die("a connection id has 255 bytes at most");
}

int main(int count, char **words) {
  read_flags(count, words);
  wolfSSL_Init();
  WOLFSSL_CTX *context = wolfSSL_CTX_new(wolfDTLSv1_2_client_method());
  if (context == NULL) die("wolfSSL_CTX_new");
  const char *cipher = strcmp(suite, "CCM_8") == 0 ? "PSK-AES128-CCM-8" : "PSK-AES128-CBC-SHA256";
  if (wolfSSL_CTX_set_cipher_list(context, cipher) != WOLFSSL_SUCCESS) die(cipher);
  wolfSSL_CTX_set_psk_client_callback(context, tell_psk);

  signal(SIGALRM, out_of_time);
  alarm((unsigned)(within_millis + 999) / 1000);
  WOLFSSL *ssl = handshake(context, NULL);
  for (int i = 0; i < resume; i++) {
    WOLFSSL_SESSION *earlier = wolfSSL_get1_session(ssl);
    wolfSSL_shutdown(ssl);
    ssl = handshake(context, earlier);
    fprintf(stderr, wolfSSL_session_reused(ssl) ? "resumed\n" : "not resumed\n");
  }
  alarm(0);
  fprintf(stderr, "ready\n");
  carry(ssl);
  wolfSSL_shutdown(ssl);
  return 0;
}
