/** A device's answer to a command: success, with the command's id. Bytes that are no EnOS message come back as they are. */
export const replyTo = (payload: Uint8Array): Uint8Array => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload).toString("utf8"))
    if (typeof parsed !== "object" || parsed === null || !("id" in parsed)) return payload.slice()
    return Buffer.from(JSON.stringify({ id: parsed.id, code: 200, data: {} }))
  } catch {
    return payload.slice()
  }
}
