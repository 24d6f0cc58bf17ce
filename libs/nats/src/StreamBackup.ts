import type { StreamConfig, StreamState } from "@nats-io/jetstream"
import type { Msg } from "@nats-io/nats-core"
import type { NatsConnection as Client } from "@nats-io/transport-node"
import { NatsError } from "./NatsError.ts"

/** A stream with its settings, as nats-server tells them beside a snapshot and wants them back. Its data is opaque: blocks of the server's. */
export interface StreamBackup {
  readonly config: StreamConfig
  readonly state: StreamState
}

/** Bytes of a message of a snapshot, well below the 1 MiB that a nats-server takes. */
const chunkBytes = 128 * 1024
/** Until the server says something more. It packs a stream anew before the first byte: a large one takes minutes. */
const silenceMillisMax = 120_000
/** For a server to read what it was given. */
const restoreMillisMax = 600_000

interface Answer extends Partial<StreamBackup> {
  readonly error?: { readonly code: number; readonly description: string }
  readonly deliver_subject?: string
}

/**
 * Reads a stream as it is now, messages, settings and consumers with their positions, while it is used. Undefined: there is none of that
 * name. `inbox` is a subject for the answers; `write` is waited for. Rejects with NatsError.
 */
export const backUpStream = async (
  client: Client,
  stream: string,
  inbox: string,
  write: (chunk: Uint8Array) => Promise<void>
): Promise<StreamBackup | undefined> => {
  const operation = `snapshot of ${stream}`
  const chunks = client.subscribe(inbox, { timeout: silenceMillisMax })
  try {
    const { config, error, state } = await ask(client, `$JS.API.STREAM.SNAPSHOT.${stream}`, {
      deliver_subject: inbox,
      chunk_size: chunkBytes
    })
    if (error?.code === 404) return undefined
    if (error !== undefined || config === undefined || state === undefined)
      throw rejected(operation, error?.description)
    for await (const message of chunks) {
      if (message.data.length === 0) {
        const fault = faultOf(message)
        if (fault !== undefined) throw rejected(operation, fault)
        return { config, state }
      }
      await write(message.data)
      // The server sends some chunks ahead, and waits for this word on them.
      message.respond()
    }
    throw rejected(operation, "the connection ended")
  } finally {
    chunks.unsubscribe()
  }
}

/** Makes a stream of a snapshot; there may be none of that name. Rejects with NatsError. */
export const restoreStream = async (
  client: Client,
  { config, state }: StreamBackup,
  chunks: AsyncIterable<Uint8Array>
): Promise<void> => {
  const operation = `restoring ${config.name}`
  const { deliver_subject: to, error } = await ask(client, `$JS.API.STREAM.RESTORE.${config.name}`, { config, state })
  // Beside an error the subject is there, and empty.
  if (error !== undefined || to === undefined) throw rejected(operation, error?.description)
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += chunkBytes) {
      const { data } = await client.request(to, chunk.subarray(at, at + chunkBytes), { timeout: silenceMillisMax })
      if (data.length > 0) refuseFault(operation, data)
    }
  }
  const { data } = await client.request(to, new Uint8Array(0), { timeout: restoreMillisMax })
  refuseFault(operation, data)
}

const ask = async (client: Client, subject: string, question: unknown): Promise<Answer> =>
  (await client.request(subject, JSON.stringify(question), { timeout: silenceMillisMax })).json<Answer>()

const refuseFault = (operation: string, data: Uint8Array): void => {
  const text = new TextDecoder().decode(data)
  const fault = text.startsWith("{") ? (JSON.parse(text) as Answer).error?.description : text
  if (fault !== undefined) throw rejected(operation, fault)
}

/** The last message has no data: 204 ends a snapshot, other codes are why it ended. */
const faultOf = ({ headers }: Msg): string | undefined =>
  headers === undefined || headers.code === 204 || headers.code === 0
    ? undefined
    : `${headers.code} ${headers.description}`

const rejected = (operation: string, detail = "the server's answer can't be read"): NatsError =>
  new NatsError({ operation, reason: "Rejected", detail })
