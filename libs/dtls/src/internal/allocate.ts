/**
 * Zeroed bytes that share their memory with those allocated before and after them. An array of more than 64 bytes is otherwise
 * an allocation outside the heap. Malloc, V8's table of them and the collector's sweep make that several times as dear. It was
 * a fifth of a handshake's time in udp-edge and in session-actors.
 *
 * For what is written once and soon forgotten: datagrams, messages, keys on their way. A piece keeps its whole block, so bytes that stay
 * with a session or a peer are copied.
 */
export function allocate(length: number): Uint8Array {
  if (length > pieceBytesMax) return new Uint8Array(length)
  if (used + length > blockBytes) {
    block = new ArrayBuffer(blockBytes)
    used = 0
  }
  const piece = new Uint8Array(block, used, length)
  used += length
  return piece
}

const blockBytes = 4096
const pieceBytesMax = 1024
let block = new ArrayBuffer(blockBytes)
let used = 0
