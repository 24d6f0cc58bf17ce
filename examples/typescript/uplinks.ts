import { type Consumer, jetstream, type JsMsg } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { parseArgs } from "node:util"

const usage = `Prints every uplink as one line of JSON, until Ctrl-C.
Processes of one group share the uplinks; a group goes on where it stopped.

  --group NAME   (typescript-example)
  --product KEY  --device KEY
  --kind KIND    measurepoint, event, attribute, tag, raw, ota, log, network or other

NATS_URL says where (nats://127.0.0.1:4222), NATS_USER and NATS_PASSWORD who.
`

interface Uplink {
  readonly productKey: string
  readonly deviceKey: string
  readonly kind: string
  readonly topic: string
  readonly method: string
  /** Milliseconds since 1970, when Roost opened the record. */
  readonly time: number
  /** The device's message: JSON, or the hexadecimal digits of a pass-through product's bytes. */
  readonly data: unknown
}

/** A field that is left out means every product, device or kind. */
interface Wanted {
  readonly consumer: string
  readonly productKey: string | undefined
  readonly deviceKey: string | undefined
  readonly kind: string | undefined
}

/** Uplinks that one process holds at a time: few, so that the others of its group have work too. */
const heldMax = 10

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean" },
      group: { type: "string", default: "typescript-example" },
      product: { type: "string" },
      device: { type: "string" },
      kind: { type: "string" }
    }
  })
  if (values.help === true) return void process.stdout.write(usage)
  const servers = where.split(",")
  // Where the server asks for a login: the user `application` of deploy/nats/accounts.conf.
  const [user, pass] = [process.env["NATS_USER"], process.env["NATS_PASSWORD"]]
  const login = user === undefined ? {} : { user, ...(pass === undefined ? {} : { pass }) }
  const nats = await connect({ servers, maxReconnectAttempts: -1, ...login }).catch((error: unknown) => {
    throw new Error(`${where} let nobody in: ${messageOf(error)}. Is it there? NATS_URL says another address.`)
  })
  try {
    const consumer = await join(nats, {
      consumer: values.group,
      productKey: values.product,
      deviceKey: values.device,
      kind: values.kind
    })
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

/** The group's durable consumer. Roost makes it: applications may read streams, and nothing else of JetStream. */
const join = async (nats: NatsConnection, wanted: Wanted): Promise<Consumer> => {
  const asked = JSON.stringify({ stream: "UPLINK", ...wanted })
  const answer = await nats.request("roost.application.consumer", asked).catch((error: unknown) => {
    throw new Error(`no Roost answers at ${where}: ${messageOf(error)}. Is its registry running?`)
  })
  if (answer.headers?.has("Roost-Error") === true) throw new Error(answer.string())
  const reply = answer.json<{ readonly _tag: "Ready" } | { readonly _tag: "Refused"; readonly detail: string }>()
  if (reply._tag === "Refused") throw new Error(reply.detail)
  return jetstream(nats, { apiPrefix: "ROOST.API" }).consumers.get("UPLINK", wanted.consumer)
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
const textOf = (part: string): string =>
  part.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const where = process.env["NATS_URL"] ?? "nats://127.0.0.1:4222"

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

await main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
})
