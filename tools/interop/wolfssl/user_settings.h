// wolfSSL as firmware has it: a DTLS 1.2 client with pre-shared keys, the suites of the contract, and no certificates.

// DTLS 1.2 with connection ids (RFC 9146).
#define WOLFSSL_DTLS
#define WOLFSSL_DTLS_CID
#define HAVE_TLS_EXTENSIONS
#define HAVE_EXTENDED_MASTER
#define HAVE_ENCRYPT_THEN_MAC
#define NO_OLD_TLS
#define NO_WOLFSSL_SERVER

// TLS_PSK_WITH_AES_128_CCM_8 and TLS_PSK_WITH_AES_128_CBC_SHA256: keys without Diffie-Hellman.
#define WOLFSSL_STATIC_PSK
#define HAVE_AESCCM

#define NO_CERTS
#define NO_ASN
#define NO_RSA
#define NO_DSA
#define NO_DH
#define NO_PWDBASED
#define NO_DES3
#define NO_RC4
#define NO_MD4
#define NO_MD5
#define NO_SHA

#define SINGLE_THREADED

// wolfio.c uses MIN without its header.
#include <sys/param.h>
