import type { Schedule } from "../Schedule.ts"
import type { Conditions, FaultRecord } from "./Conditions.ts"

/** The faults that can come over a world. */
export interface Victims {
  readonly now: () => number
  readonly plan: Schedule["plan"]
  readonly random: () => number
  readonly conditions: Conditions
  readonly edges: ReadonlyArray<string>
  /** Names of the nodes that run. */
  readonly nodes: () => ReadonlyArray<string>
  readonly killNode: (name: string) => void
  readonly drainNode: (name: string) => void
  readonly pauseNode: (name: string, paused: boolean) => void
  readonly startNode: () => void
  readonly killEdge: (name: string) => void
  readonly startEdge: (name: string) => void
  /** One more edge is on the port, and flows are hashed anew. Some devices shake hands at that moment. */
  readonly joinEdge: () => void
  /** That edge drains and leaves, likewise. */
  readonly leaveEdge: () => void
  /** The store goes back to what it was `millis` ago, or as near as there is a copy; says to when. */
  readonly setBack: (millis: number) => number
  readonly interruptWatches: () => void
}

export const edgeJoin = "edge-join"

export const faultKinds = [
  "node-kill",
  "node-drain",
  "node-pause",
  "node-cut",
  "edge-kill",
  "edge-cut",
  edgeJoin,
  "datagrams",
  "frames",
  "store-away",
  "store-set-back"
] as const
export type FaultKind = (typeof faultKinds)[number]

/** Begins a fault of the kind, and ends it after a while. */
export const injectFault = (victims: Victims, kind: FaultKind): void => {
  const { conditions, now, plan, random } = victims
  const among = (names: ReadonlyArray<string>): string => names[Math.floor(random() * names.length)]!
  const begin = (target: string, millis: number, end: () => void, setBackTo?: number): void => {
    const fault: FaultRecord = {
      kind,
      target,
      at: now(),
      endedAt: Infinity,
      ...(setBackTo === undefined ? {} : { setBackTo })
    }
    conditions.faults.push(fault)
    plan(millis, () => {
      end()
      fault.endedAt = now()
    })
  }
  switch (kind) {
    case "node-kill": {
      const target = among(victims.nodes())
      victims.killNode(target)
      return begin(target, 8_000 * random(), victims.startNode)
    }
    case "node-drain": {
      const target = among(victims.nodes())
      victims.drainNode(target)
      return begin(target, 8_000 * random(), victims.startNode)
    }
    case "node-pause": {
      const target = among(victims.nodes())
      victims.pauseNode(target, true)
      return begin(target, 15_000 * random(), () => victims.pauseNode(target, false))
    }
    case "node-cut":
    case "edge-cut": {
      const target = among(kind === "node-cut" ? victims.nodes() : victims.edges)
      conditions.cut.add(target)
      return begin(target, 12_000 * random(), () => {
        conditions.cut.delete(target)
        victims.interruptWatches()
      })
    }
    case "edge-kill": {
      const target = among(victims.edges)
      victims.killEdge(target)
      return begin(target, 3_000 * random(), () => victims.startEdge(target))
    }
    case edgeJoin:
      victims.joinEdge()
      return begin("edge", 4_000 + 8_000 * random(), victims.leaveEdge)
    case "datagrams":
    case "frames": {
      const lateMillisMax = kind === "datagrams" ? 3_000 : 200
      const disturbance = { loss: 0.2 * random(), doubled: 0.1 * random(), lateMillis: lateMillisMax * random() }
      return begin(kind, 10_000 + 20_000 * random(), conditions.disturb(kind, disturbance))
    }
    case "store-away":
      conditions.storeAway++
      return begin("store", 15_000 * random(), () => {
        conditions.storeAway--
        victims.interruptWatches()
      })
    case "store-set-back": {
      // Its server restarts from a copy.
      conditions.storeAway++
      const setBackTo = victims.setBack(30_000 * random())
      return begin(
        "store",
        500 + 2_000 * random(),
        () => {
          conditions.storeAway--
          victims.interruptWatches()
        },
        setBackTo
      )
    }
  }
}
