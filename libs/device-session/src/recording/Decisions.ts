import { formatCode } from "@roost/coap"
import type { Decision } from "../requests/Decision.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { NamedDevice } from "../state/NamedDevice.ts"
import { note, tappedOf } from "./SessionRecords.ts"

/** Records the decision on a request, with its row of docs/protocol.md: called only while a recording runs. */
export const recordDecision = (turn: DeviceTurn, device: NamedDevice, decision: Decision): void => {
  const tapped = tappedOf(turn, device, undefined)
  if (tapped === undefined) return
  const { code, row, text } = shownOf(decision)
  note(turn, tapped, { _tag: "Decision", decision: text, row, ...(code !== undefined && { code }) })
}

/** Option 2100 stands in an answer. */
export const recordAnnouncement = (turn: DeviceTurn, device: NamedDevice, topic: string): void => {
  const tapped = tappedOf(turn, device, undefined)
  if (tapped !== undefined) note(turn, tapped, { _tag: "Announced", topic })
}

interface Shown {
  readonly text: string
  readonly row: string
  readonly code?: string
}

const shownOf = (decision: Decision): Shown => {
  switch (decision._tag) {
    case "StoreUplink":
      return { text: "stored, then answered", row: `Uplink topics: ${nameOf(decision.topic)}` }
    case "AskProperties":
      return { text: "the registry is asked", row: `Uplink topics: ${nameOf(decision.topic)}` }
    case "FetchCommand":
      return { text: "a command of the topic is handed out", row: `Downlink topics: ${nameOf(decision.topic)}` }
    case "CommandReply":
      return { text: "the reply is stored", row: `Downlink topics: ${nameOf(decision.commandTopic)}` }
    case "FetchSecret":
      return { text: "the registry is asked for a secret", row: "Activation: each new request gets a new secret" }
    case "RefuseByReply":
      return { text: decision.reason, row: `Codes: ${Number.parseInt(decision.reason, 10)}`, code: decision.refusal }
    case "Refuse":
      return {
        text: `${formatCode(decision.code)}: ${decision.reason}`,
        row: `Refusals on the air: ${formatCode(decision.code)}`,
        code: decision.refusal
      }
  }
}

/** Without `/sys/{productKey}/{deviceKey}/`. */
const nameOf = (topic: string): string => topic.split("/").slice(4).join("/")
