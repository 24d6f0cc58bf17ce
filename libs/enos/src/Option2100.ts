/** Bytes of its value; the longest legal one has 175 (enos-protocol §9.1.2). */
export const option2100BytesMax = 255

/**
 * The value of the option that announces a pending command (contract §5.3): `/topic` and the EnOS topic to GET, UTF-8. Undefined if it would be too
 * long to announce.
 */
export const option2100Value = (topic: string): Uint8Array | undefined => {
  const value = utf8.encode(`/topic${topic}`)
  return value.length <= option2100BytesMax ? value : undefined
}

const utf8 = new TextEncoder()
