import type { PendingCommand } from "../../src/state/PendingCommands.ts"
import type { World } from "./World.ts"

const setPointTopic = "/sys/pk1/dev1/thing/service/measurepoint/set"

/** A command of `dev1` that was issued at `createdAt` and is offered for ten minutes: it sets a point unless `fields` say otherwise. */
export const pendingCommand = (
  id: string,
  createdAt: number,
  fields: Partial<PendingCommand> = {}
): PendingCommand => ({
  id,
  topic: setPointTopic,
  payload: new TextEncoder().encode(`{"id":"${id}"}`),
  createdAt,
  expiresAt: createdAt + 600_000,
  timeoutMillis: 30_000,
  deliveriesMax: 3,
  deliveries: 0,
  deliveredAt: 0,
  hinted: false,
  ...fields
})

/** An application issues a command for `dev1` now. */
export const issue = (world: World, id: string, fields: Partial<PendingCommand> = {}): void =>
  world.host.handleCommand("pk1", "dev1", pendingCommand(id, world.now, fields))
