/**
 * Texts as UTF-8 in blocks that several share. A TextEncoder's own result is an ArrayBuffer, which costs four allocations outside
 * the heap and their return. That is 0.6 µs of the 25 of an uplink (docs/performance/log.md). A view keeps its block alive: use it
 * soon, copy it to keep it.
 */
export const encodeUtf8 = (text: string): Uint8Array => {
  // Three bytes are the most that UTF-8 takes for one UTF-16 unit.
  const bytesMax = 3 * text.length
  if (bytesMax > sharedBytesMax) return encoder.encode(text)
  if (used + bytesMax > block.length) {
    block = new Uint8Array(blockBytes)
    used = 0
  }
  const { written } = encoder.encodeInto(text, used === 0 ? block : block.subarray(used))
  const bytes = block.subarray(used, used + written)
  used += written
  return bytes
}

const blockBytes = 16 * 1024
const sharedBytesMax = 2 * 1024
const encoder = new TextEncoder()
let block = new Uint8Array(blockBytes)
let used = 0
