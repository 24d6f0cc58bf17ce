const bytesPerLine = 16

/** Offset, bytes and their ASCII, sixteen to a line. */
export const hexDump = (bytes: Uint8Array): string => {
  const lines: Array<string> = []
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const line = [...bytes.subarray(at, at + bytesPerLine)]
    const hex = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
    const ascii = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("")
    lines.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(3 * bytesPerLine)} ${ascii}`)
  }
  return lines.join("\n")
}
