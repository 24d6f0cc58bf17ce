import { CommandCode } from "@roost/enos"
import type { RefusalCode } from "../Catalogue.ts"
import type { SeenCommand, SeenDevice } from "./Evidence.ts"

/** Why a command did not do what it should; undefined if it did, or its end needs no reason. */
export const causeOfCommand = (command: SeenCommand, device: SeenDevice | undefined): RefusalCode | undefined => {
  switch (command.state) {
    case "expired":
      return "command-expired"
    case "timedOut":
      return command.overtakenBy === undefined ? "command-unanswered" : "command-overtaken"
    case "cancelled":
      return command.code === CommandCode.noSuchDevice ? "command-device-deleted" : "command-cancelled"
    case "failed":
      return failures.get(command.code ?? 0) ?? "command-refused-by-device"
    case "created": {
      if (command.hintedAt !== undefined) return "command-not-taken-up"
      const lastSeenAt = device?.lastSeenAt ?? 0
      return lastSeenAt < command.createdAt ? "command-asleep" : undefined
    }
    default:
      return undefined
  }
}

/** The sentence about one command beside its entry. */
export const aboutCommand = ({ code, commandId, expiresAt, message, state, topic }: SeenCommand): string => {
  const said = message === undefined ? "" : `, ${JSON.stringify(message)}`
  const until = state === "created" ? `; it expires at ${new Date(expiresAt).toISOString()}` : ""
  return `Command ${commandId} on /topic${topic}: ${state}${code === undefined ? "" : `, code ${code}${said}`}${until}.`
}

const failures: ReadonlyMap<number, RefusalCode> = new Map([
  [CommandCode.deviceOffline, "command-device-offline"],
  [CommandCode.notSent, "command-not-fetched"],
  [CommandCode.noSuchDevice, "command-device-deleted"]
])
