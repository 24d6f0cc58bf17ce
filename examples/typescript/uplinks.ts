import { type Consumer, jetstream, JetStreamApiError, jetstreamManager, type JsMsg } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { parseArgs } from "node:util"

// Prints every uplink as one line of JSON. Processes of one group share the uplinks; a group goes on where it stopped.

interface Uplink {
  readonly productKey: string
  readonly deviceKey: string
  readonly kind: string
  readonly topic: string
  readonly method: string
  /** Milliseconds since 1970, when Roost opened the record. */
  readonly time: number
  /** What the device sent: JSON, or the hexadecimal digits of a pass-through product's bytes. */
  readonly data: unknown
}

/** Uplinks that one process holds at a time: few, so that the others of its group have work too. */
const heldMax = 10

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      group: { type: "string", default: "typescript-example" },
      product: { type: "string" },
      device: { type: "string" },
      kind: { type: "string" }
    }
  })
  const servers = (process.env["NATS_URL"] ?? "nats://127.0.0.1:4222").split(",")
  const nats = await connect({ servers, maxReconnectAttempts: -1 })
  const filter = ["roost", "uplink", token(values.product), token(values.device), values.kind ?? "*"].join(".")
  try {
    const consumer = await join(nats, values.group, filter)
    const messages = await consumer.consume({ max_messages: heldMax })
    const stop = () => void messages.close()
    process.once("SIGINT", stop).once("SIGTERM", stop)
    for await (const message of messages) {
      handle(uplinkOf(message))
      // From here on it is not delivered again. Without this, another process of the group gets it after 30 s.
      message.ack()
    }
  } finally {
    await nats.drain()
  }
}

/** Here your application begins. It may see an uplink twice: make what it does idempotent. */
const handle = (uplink: Uplink): void => void process.stdout.write(`${JSON.stringify(uplink)}\n`)

/** The group's durable consumer, created by the first process of it. */
const join = async (nats: NatsConnection, group: string, filter: string): Promise<Consumer> => {
  const { consumers } = await jetstreamManager(nats)
  const known = await consumers.info("UPLINK", group).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined
    throw error
  })
  const filterOfGroup = known?.config.filter_subject
  if (known !== undefined && filterOfGroup !== filter) {
    throw new Error(`the group ${group} reads ${filterOfGroup}, not ${filter}: take another name`)
  }
  if (known === undefined) {
    await consumers.add("UPLINK", {
      durable_name: group,
      filter_subject: filter,
      deliver_policy: "all",
      ack_policy: "explicit"
    })
  }
  return jetstream(nats).consumers.get("UPLINK", group)
}

const uplinkOf = (message: JsMsg): Uplink => {
  const [, , productKey = "", deviceKey = "", kind = ""] = message.subject.split(".").map(textOf)
  const header = (name: string) => message.headers?.get(name) ?? ""
  return {
    productKey,
    deviceKey,
    kind,
    topic: header("Roost-Topic"),
    method: header("Roost-Method"),
    time: Number(header("Roost-Time")),
    data: kind === "raw" ? Buffer.from(message.data).toString("hex") : message.json()
  }
}

/** In subjects, bytes of keys outside `[A-Za-z0-9_-]` are written `=HH`. */
const token = (key: string | undefined): string =>
  key?.replaceAll(/[^A-Za-z0-9_-]/g, (character) => `=${character.charCodeAt(0).toString(16).toUpperCase()}`) ?? "*"

const textOf = (part: string): string =>
  part.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
