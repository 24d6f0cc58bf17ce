import type { AppProcess, NatsServer, RoostProcesses } from "@roost/testkit"
import { Effect } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import type { InjectedFault } from "../record/Recording.ts"
import type { PlannedFault } from "./FaultPlan.ts"

export interface InjectOptions {
  readonly roost: RoostProcesses
  readonly plan: ReadonlyArray<PlannedFault>
  readonly faults: Array<InjectedFault>
  readonly signal: AbortSignal
  readonly onFault?: (fault: InjectedFault, state: "begins" | "ends") => void
}

/** Carries the plan out, in its order; a fault that takes longer than planned moves the ones behind it. */
export const injectFaults = async ({ faults, onFault, plan, roost, signal }: InjectOptions): Promise<void> => {
  const start = Date.now()
  const during = async (kind: string, target: string, work: () => Promise<void>): Promise<void> => {
    const fault: InjectedFault = { kind, target, at: Date.now(), endedAt: Infinity }
    faults.push(fault)
    onFault?.(fault, "begins")
    await work()
    fault.endedAt = Date.now()
    onFault?.(fault, "ends")
  }
  for (const { atMillis, lastsMillis, pick, type } of plan) {
    await sleep(Math.max(0, start + atMillis - Date.now()), undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    if (type.kind === "rolling") {
      for (const app of roost.apps) await during("rolling", app.name, () => restart(app))
      for (const [i, server] of roost.nats.entries())
        await during("rolling", natsName(i), () => restartNats(server, "SIGTERM", 0).then(() => sleep(catchUpMillis)))
    } else if (type.kind === "nats-gone") {
      await during(type.kind, "nats", () => allNatsGone(roost.nats, lastsMillis))
    } else if (type.group === "nats") {
      const index = Math.floor(pick * roost.nats.length)
      await during(type.kind, natsName(index), () => natsFault(type.kind, roost.nats[index]!, lastsMillis))
    } else {
      const group = roost.apps.filter(({ app }) => app === type.group)
      const app = group[Math.floor(pick * group.length)]!
      await during(type.kind, app.name, () => appFault(type.kind, app, lastsMillis))
    }
  }
}

/** For a server that was away to have what the others stored meanwhile, before the next one goes. */
const catchUpMillis = 3_000

const natsName = (index: number): string => `nats-${index + 1}`

const appFault = async (kind: string, app: AppProcess, lastsMillis: number): Promise<void> => {
  switch (kind) {
    case "sigkill":
      await app.stop("SIGKILL")
      await sleep(lastsMillis)
      app.start()
      return app.ready()
    case "pause":
      app.signal("SIGSTOP")
      await sleep(lastsMillis)
      return app.signal("SIGCONT")
    case "cut":
      for (const relay of app.relays) relay.cut()
      await sleep(lastsMillis)
      for (const relay of app.relays) relay.heal()
      return
    default:
      return restart(app)
  }
}

const restart = async (app: AppProcess): Promise<void> => {
  if (!(await app.stop("SIGTERM"))) throw new Error(`${app.name} did not end on SIGTERM:\n${app.output.slice(-2000)}`)
  app.start()
  await app.ready()
}

const natsFault = async (kind: string, server: NatsServer, lastsMillis: number): Promise<void> => {
  if (kind === "nats-pause") {
    await Effect.runPromise(server.pause)
    await sleep(lastsMillis)
    return Effect.runPromise(server.resume)
  }
  return restartNats(server, kind === "nats-kill" ? "SIGKILL" : "SIGTERM", lastsMillis)
}

const restartNats = async (server: NatsServer, signal: "SIGTERM" | "SIGKILL", absentMillis: number): Promise<void> => {
  await Effect.runPromise(server.stop(signal))
  await sleep(absentMillis)
  await Effect.runPromise(server.start)
}

const allNatsGone = async (servers: ReadonlyArray<NatsServer>, absentMillis: number): Promise<void> => {
  await Promise.all(servers.map((server) => Effect.runPromise(server.stop("SIGKILL"))))
  await sleep(absentMillis)
  // None is ready before it has found a majority.
  await Promise.all(servers.map((server) => Effect.runPromise(server.start)))
}
