/** Bytes of a request body that are read at all. */
export const requestBytesMax = 1024 * 1024

/** Characters of one path segment: a device key of 64 characters, each percent-encoded. */
export const pathSegmentLengthMax = 192

/** How deep the JSON of a body may nest: twice what a device may send. */
export const jsonDepthMax = 34
