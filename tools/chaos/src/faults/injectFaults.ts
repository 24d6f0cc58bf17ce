import type { RoostProcesses } from "@roost/testkit"
import { setTimeout as sleep } from "node:timers/promises"
import type { InjectedFault } from "../record/Recording.ts"
import { appFault, restart } from "./appFaults.ts"
import { databaseFault } from "./databaseFaults.ts"
import type { PlannedFault } from "./FaultPlan.ts"
import { intrude } from "./intruder.ts"
import { allNatsGone, freezeNats, natsFault, restartNats } from "./natsFaults.ts"
import { ready } from "./ready.ts"
import { cutPower, restoreBackup } from "./setBacks.ts"
import type { Stage } from "./Stage.ts"
import { StoreCopy } from "./StoreCopy.ts"
import { flood } from "./Strangers.ts"
import { deleteStream } from "./streamFaults.ts"
import { fileOfThis, mayGoBack, roll } from "./upgrade.ts"

export interface InjectOptions {
  readonly roost: RoostProcesses
  readonly stage: Stage
  /** From 0 inclusive to 1 exclusive, for what strangers send. */
  readonly random: () => number
  readonly plan: ReadonlyArray<PlannedFault>
  readonly faults: Array<InjectedFault>
  readonly signal: AbortSignal
  readonly onFault?: (fault: InjectedFault, state: "begins" | "ends") => void
}

/** Carries the plan out, in its order; a fault that takes longer than planned moves the ones behind it. */
export const injectFaults = async (options: InjectOptions): Promise<void> => {
  const { plan, roost, signal } = options
  const start = Date.now()
  await using backup = plan.some(({ type }) => type.kind === "restore") ? await StoreCopy.of(roost.nats) : undefined
  for (const planned of plan) {
    await sleep(Math.max(0, start + planned.atMillis - Date.now()), undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    await inject(planned, options, (kind, target, work) => during(options, kind, target, work), backup)
  }
}

type During = (kind: string, target: string, work: (fault: InjectedFault) => Promise<void>) => Promise<void>

const during = async (
  { faults, onFault }: InjectOptions,
  kind: string,
  target: string,
  work: (fault: InjectedFault) => Promise<void>
): Promise<void> => {
  const fault: InjectedFault = { kind, target, at: Date.now(), endedAt: Infinity }
  faults.push(fault)
  onFault?.(fault, "begins")
  await work(fault)
  fault.endedAt = Date.now()
  onFault?.(fault, "ends")
}

const inject = async (
  { lastsMillis, pick, type }: PlannedFault,
  { random, roost, signal, stage }: InjectOptions,
  during: During,
  backup: StoreCopy | undefined
): Promise<void> => {
  const { group, kind } = type
  switch (kind) {
    case "rolling":
      for (const app of roost.apps) await during(kind, app.name, () => restart(app))
      for (const [i, server] of roost.nats.entries())
        await during(kind, natsName(i), () => restartNats(server, "SIGTERM", 0).then(() => sleep(catchUpMillis)))
      return
    case "upgrade": {
      const each = (app: { readonly name: string }, work: () => Promise<void>) => during(kind, app.name, work)
      await roll(roost, fileOfThis, each, signal)
      await roll(roost, stage.previous!, each, signal, mayGoBack)
      return roll(roost, fileOfThis, each, signal, mayGoBack)
    }
    case "nats-gone":
      return during(kind, "nats", () => allNatsGone(roost.nats, lastsMillis))
    case "nats-freeze":
      return during(kind, "nats", () => freezeNats(roost.nats, lastsMillis))
    case "nats-kill":
    case "nats-pause":
    case "nats-restart": {
      const index = Math.floor(pick * roost.nats.length)
      return during(kind, natsName(index), () => natsFault(kind, roost.nats[index]!, lastsMillis))
    }
    case "power-cut": {
      await using copy = await StoreCopy.of(roost.nats)
      await sleep(lastsMillis)
      for (const _ of ["first", "second"]) {
        await during(kind, "all", (fault) => cutPower(roost, copy, fault))
        await sleep(lastsMillis)
      }
      return
    }
    case "restore":
      return during(kind, "all", (fault) => restoreBackup(roost, backup!, fault))
    case "delete":
      return during(kind, group, async (fault) => {
        await deleteStream(roost, group)
        await ready(roost, fault)
      })
    case "disk-full":
      return during(kind, "nats", async (fault) => {
        await stage.room!.fillDisks(roost.nats)
        await sleep(lastsMillis)
        await stage.room!.freeDisks(roost.nats)
        await ready(roost, fault)
      })
    case "full-restart":
      return during(kind, "nats", async (fault) => {
        await stage.room!.fillStreams(roost.nats)
        await Promise.all(roost.nats.map((server) => restartNats(server, "SIGTERM", 0)))
        await sleep(lastsMillis)
        await stage.room!.freeStreams(roost.nats)
        await ready(roost, fault)
      })
    case "clock-ahead":
    case "clock-behind":
      return during(kind, group, async (fault) => {
        stage.clock!.set(kind === "clock-ahead" ? stepSeconds : -stepSeconds)
        await sleep(lastsMillis)
        stage.clock!.set(0)
        await ready(roost, fault)
      })
    case "postgres-stop":
    case "postgres-freeze":
    case "postgres-slow":
    case "postgres-restart":
      return during(kind, group, async (fault) => {
        await databaseFault(kind, roost.postgres!, lastsMillis)
        await ready(roost, fault)
      })
    case "other-key":
      return during(kind, group, (fault) => intrude(roost, lastsMillis, fault))
    case "flood":
      return during(kind, group, async () => {
        await flood(roost.udpPort, random, AbortSignal.any([signal, AbortSignal.timeout(lastsMillis)]))
      })
    default: {
      const ofGroup = roost.apps.filter(({ app }) => app === group)
      const app = ofGroup[Math.floor(pick * ofGroup.length)]!
      return during(kind, app.name, () => appFault(kind, app, lastsMillis))
    }
  }
}

const stepSeconds = 3_600

/** For a server that was away to have what the others stored meanwhile, before the next one goes. */
const catchUpMillis = 3_000

const natsName = (index: number): string => `nats-${index + 1}`
