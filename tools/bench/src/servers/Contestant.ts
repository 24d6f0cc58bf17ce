import type { ProcessFailed } from "@roost/testkit"
import type { Effect, Scope } from "effect"
import type { LoadSuite } from "../load/LoadDevices.ts"

/** A server that takes part. */
export interface Contestant {
  readonly key: string
  /** With its version. */
  readonly name: string
  readonly suites: ReadonlyArray<LoadSuite>
  /** Why it can't be measured here, in one line; undefined if it can. May build it. */
  readonly prepare: () => string | undefined
  readonly start: (place: Place) => Effect.Effect<RunningServer, ProcessFailed, Scope.Scope>
  /** Before anything counts: how often all devices shake hands, and for how long they post. */
  readonly warmUp: { readonly handshakeRounds: number; readonly seconds: number }
  /** More sessions than this take it minutes to build. */
  readonly sessionsMax: number
}

export interface Place {
  /** The core that all its processes are pinned to. */
  readonly core: number | undefined
  /** Every identity has this key. */
  readonly secret: string
  readonly psk: Uint8Array
  readonly productKey: string
  readonly devices: number
}

export interface RunningServer {
  readonly port: number
  /** Everything that works for it, by name. */
  readonly processes: ReadonlyArray<readonly [name: string, pid: number]>
  /** Bytes in use after a full collection in the process that holds the sessions; undefined if it can't tell. */
  readonly liveBytes: Effect.Effect<number | undefined>
}
