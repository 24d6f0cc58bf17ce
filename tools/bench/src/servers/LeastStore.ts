import { createInbox, type NatsConnection } from "@nats-io/transport-node"

const stream = "LEAST"
const subject = "least.uplink"

/** Payloads go into a file-backed stream of one subject; `onStored` has each back with the stream's answer. */
export const leastStore = async <A>(
  nats: NatsConnection,
  onStored: (waiting: A) => void
): Promise<(payload: Uint8Array, waiting: A) => void> => {
  const config = { name: stream, subjects: [subject], retention: "limits", storage: "file", discard: "old" }
  const created = await nats.request(`$JS.API.STREAM.CREATE.${stream}`, JSON.stringify(config))
  if (created.json<{ error?: { description: string } }>().error !== undefined) throw new Error(created.string())
  const inbox = createInbox()
  const waiting = new Map<number, A>()
  let last = 0
  nats.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error !== null) throw error
      const number = Number(message.subject.slice(inbox.length + 1))
      const stored = waiting.get(number)
      waiting.delete(number)
      // An error has no sequence: the request stays without an answer, and the load counts it.
      if (stored !== undefined && message.string().includes('"seq"')) onStored(stored)
    }
  })
  return (payload, what) => {
    waiting.set(++last, what)
    nats.publish(subject, payload, { reply: `${inbox}.${last}` })
  }
}
