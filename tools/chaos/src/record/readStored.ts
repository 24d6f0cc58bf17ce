import { DeliverPolicy, type JsMsg, jetstream, jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Buckets, commandKey, type DeviceEvent, Streams } from "@roost/contracts"
import type { StoredMessages } from "./Recording.ts"

/** No announcement waits as long for the store: so far apart are only clocks. */
const steppedMillis = 600_000

/** A cluster behind its faults may need some time for an answer, and to be asked once more. */
const answersWithinMillis = 30_000
const triesMax = 4

/** Everything that UPLINK and PRESENCE hold, and what there is about the commands that did not succeed. */
export const readStored = async (
  servers: ReadonlyArray<string>,
  unfinished: ReadonlyArray<string>
): Promise<StoredMessages> => {
  for (let tries = 1; ; tries++) {
    try {
      return await readOnce(servers, unfinished)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (tries === triesMax) throw new Error(`what is stored can't be read: ${why}`, { cause: error })
    }
  }
}

const readOnce = async (servers: ReadonlyArray<string>, unfinished: ReadonlyArray<string>): Promise<StoredMessages> => {
  const nats = await connect({ servers: [...servers] })
  try {
    const uplinks: Array<StoredMessages["uplinks"][number]> = []
    const presence: Array<StoredMessages["presence"][number]> = []
    const manager = await jetstreamManager(nats, { timeout: answersWithinMillis })
    const read = async (stream: string, onMessage: (message: JsMsg) => void) => {
      const { state } = await manager.streams.info(stream)
      if (state.messages === 0) return
      const consumer = await jetstream(nats, { timeout: answersWithinMillis }).consumers.get(stream, {
        deliver_policy: DeliverPolicy.All
      })
      const messages = await consumer.consume({ max_messages: 1_000 })
      for await (const message of messages) {
        onMessage(message)
        if (message.info.pending === 0) break
      }
    }
    await read(Streams.uplink.name, (message) => {
      // roost.uplink.{pk}.{dk}.{kind}; the keys of this run need no escapes.
      const deviceKey = message.subject.split(".")[3]!
      uplinks.push({ deviceKey, id: message.json<{ id: string }>().id })
    })
    await read(Streams.presence.name, (message) => {
      const { at, deviceKey, state } = message.json<StoredMessages["presence"][number]>()
      const storedAt = message.time.getTime()
      presence.push({ at: Math.abs(storedAt - at) > steppedMillis ? storedAt : at, deviceKey, state })
    })
    const commandTraces: Array<StoredMessages["commandTraces"][number]> = []
    // A work queue takes no second consumer: what is left in it is asked for by its number.
    const { state } = await manager.streams.info(Streams.commandEvent.name)
    for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
      const left = await manager.streams.getMessage(Streams.commandEvent.name, { seq })
      if (left === null) continue
      const { _tag, commandId } = left.json<{ readonly _tag: string; readonly commandId: string }>()
      commandTraces.push({ commandId, trace: `${_tag} is still in COMMAND_EVENT, number ${seq}` })
    }
    await read(Streams.event.name, (message) => {
      if (!message.subject.includes("command-reply")) return
      const { detail, reason } = message.json<DeviceEvent>()
      commandTraces.push({ commandId: String(detail?.["commandId"] ?? ""), trace: reason })
    })
    for (const commandId of unfinished) {
      for (const { name } of [Buckets.commands, Buckets.commandHistory]) {
        const last_by_subj = `$KV.${name}.${commandKey(commandId)}`
        const entry = await manager.streams.getMessage(`KV_${name}`, { last_by_subj })
        const trace =
          entry === null
            ? "nothing"
            : entry.header.get("KV-Operation") || entry.json<{ readonly state: string }>().state
        commandTraces.push({ commandId, trace: `${name} has ${trace}${entry === null ? "" : ` as ${entry.seq}`}` })
      }
    }
    return { uplinks, presence, commandTraces }
  } finally {
    await nats.close()
  }
}
