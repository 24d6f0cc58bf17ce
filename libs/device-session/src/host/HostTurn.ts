import { Effects } from "@roost/actors"
import type { Crypto } from "@roost/dtls"
import { FlightRecorder } from "@roost/flight-recorder"
import type { Tracing } from "@roost/observability"
import type { MachineTurn } from "../device/Device.ts"
import { ProductProfiles } from "../state/ProductProfiles.ts"
import { RequestTraces } from "../requests/RequestTraces.ts"
import { ScriptFailures } from "../requests/ScriptFailures.ts"
import { WaitingRequests } from "../requests/WaitingRequests.ts"
import { Counters } from "../state/Counters.ts"
import type { DeviceEffect } from "../state/DeviceEffect.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"

/** The parts that a device host is made of. */
export interface HostOptions {
  readonly config: DeviceSessionConfig
  readonly crypto: Crypto
  /** 0 inclusive to 1 exclusive: jitter of CoAP. */
  readonly random: () => number
  readonly now: number
  /** Without one nothing is ever recorded. */
  readonly recorder?: FlightRecorder
  /** Without it nothing is ever traced. */
  readonly tracing?: Tracing
  /** The wall clock's time for a moment of the clock that `now` is read from; the same by default. */
  readonly wallOf?: (now: number) => number
}

/** The surroundings of all devices of a host: one object, so that no input makes another one. */
export class HostTurn implements MachineTurn {
  now: number
  deafUntil = 0
  lastToken = 0
  readonly effects = new Effects<DeviceEffect>()
  readonly config: DeviceSessionConfig
  readonly crypto: Crypto
  readonly random: () => number
  readonly wallOf: (now: number) => number
  readonly recorder: FlightRecorder
  readonly counters = new Counters()
  readonly profiles = new ProductProfiles()
  readonly waiting = new WaitingRequests()
  readonly scripts = new ScriptFailures()
  readonly traces: RequestTraces

  constructor({ config, crypto, now, random, recorder, tracing, wallOf }: HostOptions) {
    this.now = now
    this.config = config
    this.crypto = crypto
    this.random = random
    this.wallOf = wallOf ?? ((at) => at)
    this.traces = new RequestTraces(tracing, this.wallOf)
    this.recorder = recorder ?? idleRecorder(config.nodeId)
  }
}

const idleRecorder = (nodeId: string) =>
  new FlightRecorder({ process: nodeId, wallOf: (now) => now, publish: () => {} })
