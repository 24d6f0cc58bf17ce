/** `enc` of EVP_CipherInit_ex. */
export const encrypt = 1n
export const decrypt = 0n
/** Of openssl/evp.h. */
export const EVP_CTRL_AEAD_SET_IVLEN = 0x9n
export const EVP_CTRL_AEAD_GET_TAG = 0x10n
export const EVP_CTRL_AEAD_SET_TAG = 0x11n
