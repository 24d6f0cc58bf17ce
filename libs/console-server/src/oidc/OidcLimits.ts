/** Seconds in which the provider answers one request. */
export const answerSecondsMax = 10
/** Bytes of one of its answers: an ID token with a thousand groups has some 40 KB. */
export const answerBytesMax = 256 * 1024
/** Seconds that the provider's clock may be off. */
export const clockToleranceSeconds = 60
