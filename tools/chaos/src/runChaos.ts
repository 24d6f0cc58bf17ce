import { pause } from "./pause.ts"
import { seededRandom } from "@roost/random"
import { RoostProcesses } from "@roost/testkit"
import { setTimeout as sleep } from "node:timers/promises"
import { planFaults } from "./faults/FaultPlan.ts"
import { allBesideStore, allGentle, type FaultType } from "./faults/FaultType.ts"
import { injectFaults } from "./faults/injectFaults.ts"
import { Stage } from "./faults/Stage.ts"
import { ChaosDevice } from "./fleet/ChaosDevice.ts"
import { followCommands, issueCommands } from "./fleet/Commander.ts"
import { check, type Verdict } from "./record/check.ts"
import { Recorder } from "./record/Recorder.ts"
import { readStored } from "./record/readStored.ts"
import { watchStore } from "./record/StoreProbe.ts"
import type { InjectedFault, Recording, Role } from "./record/Recording.ts"

export interface ChaosConfig {
  readonly seed: number
  readonly devices: number
  /** How long faults come. */
  readonly faultSeconds: number
  /** Empty: none come, and the devices still have to find nothing wrong. */
  readonly types: ReadonlyArray<FaultType>
  readonly thinkMillis: number
  readonly commandsPerSecond: number
  readonly actors: number
  readonly edges: number
  readonly downlinks: number
  /** Several share a PostgreSQL. */
  readonly registries: number
  readonly natsServers: number
}

export interface Progress {
  readonly phase: "start" | "handshakes" | "faults" | "rest" | "reading"
  readonly recorder: Recorder
  readonly faultSeconds: number
}

export interface ChaosRun {
  readonly config: ChaosConfig
  readonly recording: Recording
  readonly verdict: Verdict
}

export interface ChaosWatcher {
  readonly phase?: (progress: Progress) => void
  /** The parameters of the run. */
  readonly note?: (text: string) => void
  readonly fault?: (fault: InjectedFault, state: "begins" | "ends", recorder: Recorder) => void
}

const productKey = "chaos"
/** Of ten devices in a row. */
const roles: ReadonlyArray<Role> = [
  "steady",
  "steady",
  "plain",
  "steady",
  "mover",
  "plain",
  "newcomer",
  "sleeper",
  "steady",
  "plain"
]
/** 30 s is the shortest that the contract allows; a run sees several silences. */
const lifetimeSeconds: Readonly<Record<Role, number>> = { steady: 60, plain: 60, mover: 60, sleeper: 30, newcomer: 60 }
const handshakesAtOnce = 16
const warmUpMillis = 3_000
/** Load after the last fault. */
const restMillis = 10_000
/** After a store that was set back: a device whose session is lost gives its request up after MAX_TRANSMIT_WAIT, 93 s. */
const restAfterSetBackMillis = 70_000
/** For commands to be fetched and answered, after the last fault. */
const commandsMillisMax = 30_000
/** Requests that are under way then may still be answered: some of a request's back-off. */
const answersMillisMax = 30_000

/** A whole run: starts Roost, lets devices live through the faults, reads what was stored, judges. */
export const runChaos = async (
  config: ChaosConfig,
  signal: AbortSignal,
  watcher: ChaosWatcher = {}
): Promise<ChaosRun> => {
  const { actors, downlinks, edges, natsServers, registries, seed } = config
  const recorder = new Recorder()
  const phase = (name: Progress["phase"]) =>
    watcher.phase?.({ phase: name, recorder, faultSeconds: config.faultSeconds })
  phase("start")
  using stage = Stage.for(config.types, natsServers, (text) => watcher.note?.(text))
  if (stage.room !== undefined) watcher.note?.(stage.room.kind)
  await using roost = await RoostProcesses.start({
    ...stage.options,
    actors,
    edges,
    downlinks,
    registries,
    natsServers,
    oneUdpPort: true,
    cuttable: true
  })
  watcher.note?.(`nats-server ${roost.nats[0]!.version}`)
  const random = seededRandom(seed)
  const plan = planFaults(seededRandom(seed), config.types, config.faultSeconds * 1000)
  const devices = await registerDevices(roost, recorder, config, random)

  phase("handshakes")
  recorder.startedAt = Date.now()
  const ending = new AbortController()
  const ended = AbortSignal.any([signal, ending.signal])
  const cutting = new AbortController()
  await connectAll(devices, signal)
  const probing = allBesideStore(config.types) ? watchStore(roost.natsUrls, recorder.storeWaits, ended) : undefined
  const lives = devices.map((device) => device.run(ended, cutting.signal))
  const commanding = new AbortController()
  // Devices of a run that can't go on would live for ever, and this process with them.
  using _ends = {
    [Symbol.dispose]: () => {
      for (const controller of [ending, cutting, commanding]) controller.abort()
    }
  }
  const issuing = issueCommands(roost, devices, recorder, {
    everyMillis: 1_000 / config.commandsPerSecond,
    random,
    signal: AbortSignal.any([signal, commanding.signal])
  })
  await pause(warmUpMillis, signal)

  phase("faults")
  const from = Date.now()
  await injectFaults({
    roost,
    stage,
    random,
    plan,
    faults: recorder.faults,
    signal,
    ...(watcher.fault === undefined ? {} : { onFault: (fault, state) => watcher.fault!(fault, state, recorder) })
  })
  if (plan.length === 0) await pause(config.faultSeconds * 1000 - (Date.now() - from), signal)

  phase("rest")
  commanding.abort()
  await issuing
  const setsBack = recorder.faults.some(({ setBackTo }) => setBackTo !== undefined)
  await pause(setsBack ? restAfterSetBackMillis : restMillis, signal)
  await followCommands(roost, recorder, commandsMillisMax, signal)
  ending.abort()
  await Promise.race([Promise.all(lives), sleep(answersMillisMax, undefined, { ref: false })])
  const endedAt = Date.now()
  cutting.abort()
  await Promise.all(lives)
  await probing

  phase("reading")
  const unfinished = recorder.commands.filter(({ state }) => state !== "succeeded").map(({ commandId }) => commandId)
  const recording = recorder.recording(endedAt, await readStored(roost.natsUrls, unfinished))
  return { config, recording, verdict: check(recording, { errorsAllowed: !allGentle(config.types) }) }
}

const registerDevices = async (
  roost: RoostProcesses,
  recorder: Recorder,
  { devices, seed, thinkMillis }: ChaosConfig,
  random: () => number
): Promise<ReadonlyArray<ChaosDevice>> => {
  const product = await roost.registry("POST", "/v1/products", { productName: productKey, productKey })
  if (product.status !== 201) throw new Error(`product: ${product.status} ${JSON.stringify(product.body)}`)
  const fleet = Array.from({ length: devices }, (_, i) => {
    const deviceKey = `d${String(i).padStart(5, "0")}`
    const role = roles[i % roles.length]!
    const secret = `secret-of-chaos-${seed}-${deviceKey}`
    const lifetime = lifetimeSeconds[role]
    const { udpPort: port } = roost
    return new ChaosDevice(
      { productKey, deviceKey, secret, role, port, lifetimeSeconds: lifetime, thinkMillis, random },
      recorder
    )
  })
  const lines = fleet.map(({ options: { deviceKey, secret } }) => JSON.stringify({ deviceKey, deviceSecret: secret }))
  const imported = await roost.registry("POST", `/v1/products/${productKey}/devices:import`, `${lines.join("\n")}\n`)
  const answer = JSON.stringify(imported.body)
  if (imported.status !== 200 || answer.includes("Refused")) throw new Error(`devices: ${imported.status} ${answer}`)
  return fleet
}

const connectAll = async (devices: ReadonlyArray<ChaosDevice>, signal: AbortSignal): Promise<void> => {
  let next = 0
  const lane = async () => {
    while (next < devices.length) await devices[next++]!.connect(signal)
  }
  await Promise.all(Array.from({ length: handshakesAtOnce }, lane))
}
