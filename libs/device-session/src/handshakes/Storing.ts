import type { Storing } from "./HandshakeState.ts"

/** Keeps what comes while a verified session is stored; its device repeats what there is no room for. */
export const keepEarly = ({ early }: Storing, datagram: Uint8Array): void => {
  if (early.length >= earlyMax) return
  const bytes = early.reduce((sum, { length }) => sum + length, datagram.length)
  if (bytes <= earlyBytesMax) early.push(new Uint8Array(datagram))
}

/** Datagrams and bytes. */
const earlyMax = 8
const earlyBytesMax = 4096
