import type { Command } from "@roost/contracts"
import type { PendingCommand } from "@roost/device-session"

/** The partition of a device's entry in a bucket. */
export const partitionOfKey = (key: string): number => Number(key.slice(0, key.indexOf(".")))

/** A command as its actor needs it; every clock here is the wall clock. */
export const deliveryOf = (command: Command): PendingCommand => ({
  id: command.commandId,
  topic: command.topic,
  payload: command.payload,
  createdAt: command.createdAt,
  expiresAt: command.expiresAt,
  timeoutMillis: command.timeoutSeconds * 1000,
  deliveriesMax: command.maxDeliveries,
  deliveries: command.deliveries,
  deliveredAt: command.sentAt ?? 0,
  hinted: command.hintedAt !== undefined,
  overtaken: command.overtakenBy !== undefined
})
