/** Turns a request into its acknowledgement with 2.04, in place: message id, token and the rest stay. */
export const leastAnswer = (datagram: Uint8Array): Uint8Array => {
  datagram[0] = (datagram[0]! & tokenLengthMask) | acknowledgement
  datagram[1] = changed
  return datagram
}

/** RFC 7252, 3: version 1 and type 2. */
const acknowledgement = 0x60
const tokenLengthMask = 0x0f
/** RFC 7252, 5.9.1.4: 2.04. */
const changed = 0x44
