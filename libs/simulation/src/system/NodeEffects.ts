import { FrameWriter, sessionKey, Subjects } from "@roost/contracts"
import { type DeviceHost, type HostEffect, storeMillisMax } from "@roost/device-session"
import { pskFromSecret } from "@roost/enos"
import { ackTimeoutMillisDefault, attemptMillisMax, attemptRetryMillis, rpcTimeoutMillisDefault } from "@roost/nats"
import type { BucketClient, Network } from "../leases/SimulatedBucket.ts"
import type { SimulatedNode } from "../leases/SimulatedNode.ts"
import { epochMillis, secretOf, type Surroundings } from "./Surroundings.ts"

/** Carries out over the simulated bus and store what a device host wants, as `makeNatsEffects` does over NATS. */
export class NodeEffects {
  readonly #around: Surroundings
  readonly #name: string
  readonly #lease: () => SimulatedNode
  readonly #host: () => DeviceHost
  readonly #answered: () => void
  readonly #network: Network
  readonly #sessions: BucketClient<Uint8Array>

  constructor(options: {
    readonly around: Surroundings
    readonly name: string
    readonly lease: () => SimulatedNode
    readonly host: () => DeviceHost
    /** An answer went into the host. */
    readonly answered: () => void
  }) {
    const { around, name } = options
    this.#around = around
    this.#name = name
    this.#lease = options.lease
    this.#host = options.host
    this.#answered = options.answered
    this.#network = around.store.networkOf(name)
    this.#sessions = around.store.sessions.through(this.#network)
  }

  readonly carryOut = (effect: HostEffect): boolean => {
    const { bus, recording } = this.#around
    switch (effect._tag) {
      case "Frame":
        bus.publish(this.#name, Subjects.frameToEdge(effect.edgeId), effect.frame)
        return true
      case "Forward": {
        const nodeId = this.#lease().destinationOf(effect.partition)
        if (nodeId === undefined) return false
        const writer = new FrameWriter(effect.edgeId)
        writer.add(effect.kind, effect.partition, effect.peer, effect.body)
        bus.publish(this.#name, Subjects.frameToNode(nodeId), writer.takeView())
        return true
      }
      case "AskKey":
        this.#askKey(effect)
        return true
      case "StoreUplink":
        return this.#storeUplink(effect)
      case "StoreCommandEvent":
        return this.#storeCommandEvent(effect)
      case "SaveSession":
        this.#saveSession(effect)
        return true
      case "ReadSession":
        this.#readSession(effect)
        return true
      case "DeleteSession":
        this.#sessions.deleteRevision(effect.revision)
        return true
      case "Recall":
        this.#recall(effect)
        return true
      case "Presence":
        recording.presences.push(effect.presence)
        this.#note("presence", () => `${effect.presence.deviceKey} ${effect.presence.state} ${effect.presence.cause}`)
        return true
      case "Event": {
        const { deviceKey, kind, reason } = effect.event
        if (kind === "actor-fault") recording.troubles.push(`${this.#name}, ${deviceKey}: ${reason}`)
        this.#note("event", () => `${deviceKey} ${kind}: ${reason}`)
        return true
      }
      case "Stranger":
        if (effect.event.kind === "actor-fault") recording.troubles.push(`${this.#name}: ${effect.event.reason}`)
        this.#note("stranger", () => JSON.stringify(effect.event))
        return true
      // No device here activates, asks for properties or has a script.
      case "AskActivation":
      case "AskProperties":
      case "RunScript":
        recording.troubles.push(`${effect._tag} was not expected`)
        return true
    }
  }

  #note(kind: string, line: () => string): void {
    this.#around.trace.note(this.#around.now() - epochMillis, kind, () => `${this.#name} ${line()}`)
  }

  /** The process hears of it now, after a pause, or never. */
  #answer(handle: (host: DeviceHost, now: number) => void): void {
    this.#lease().process(() => {
      handle(this.#host(), this.#around.now())
      this.#answered()
    })
  }

  /** `begin` gets what answers; after `millis` without, `missed` does. */
  #awaited<A>(millis: number, missed: A, begin: (answer: (outcome: A) => void) => void, heard: (outcome: A) => void) {
    let over = false
    const settle = (outcome: A) => {
      if (over) return
      over = true
      heard(outcome)
    }
    begin(settle)
    this.#around.plan(millis, () => settle(missed))
  }

  /** The registry, which is always there, over the bus. */
  #askKey({ request, token }: HostEffect & { readonly _tag: "AskKey" }): void {
    const { conditions, plan, random } = this.#around
    const psk = pskFromSecret(secretOf(request.deviceKey))
    const facts = { psk, credentialVersion: 1, assetId: "a", dataFormat: "Json", downlink: "pipelined" } as const
    this.#awaited<Parameters<DeviceHost["handlePsk"]>[2]>(
      rpcTimeoutMillisDefault,
      unavailable,
      (answer) => {
        if (conditions.cut.has(this.#name)) return
        plan(1 + 4 * random(), () => {
          if (!conditions.cut.has(this.#name)) answer({ _tag: "Found", ...facts })
        })
      },
      (outcome) => this.#answer((host, now) => host.handlePsk(now, token, outcome))
    )
  }

  #storeUplink({ token, uplink }: HostEffect & { readonly _tag: "StoreUplink" }): boolean {
    const { planted, store } = this.#around
    if (!this.#lease().isServing) return false
    // Its bytes are a view of the datagram.
    const kept = { ...uplink, payload: new Uint8Array(uplink.payload) }
    const publish = (stored: () => void) =>
      store.uplinks.publish(this.#network, uplink.deviceKey, uplink.id, kept, stored)
    if (planted.acknowledgesBeforeStoring === true) {
      publish(() => undefined)
      this.#around.plan(0, () => this.#answer((host, now) => host.handleStored(now, token, true)))
    } else this.#patiently(publish, (stored) => this.#answer((host, now) => host.handleStored(now, token, stored)))
    return true
  }

  #storeCommandEvent(effect: HostEffect & { readonly _tag: "StoreCommandEvent" }): boolean {
    const { commandEvents } = this.#around.store
    const { deviceKey, event, token } = effect
    if (token === 0 && event._tag !== "Overtaken") {
      commandEvents.publish(this.#network, deviceKey, "", event, () => undefined)
      return true
    }
    const id = `${event.commandId}-${event._tag}-${event.at}`
    this.#patiently(
      (stored) => commandEvents.publish(this.#network, deviceKey, id, event, stored),
      (stored) => token !== 0 && this.#answer((host, now) => host.handleStored(now, token, stored))
    )
    return true
  }

  /** Tries again while the store says nothing, as `makePatientPublisher` does. */
  #patiently(publish: (stored: () => void) => void, settled: (stored: boolean) => void): void {
    const { now, plan } = this.#around
    const until = now() + storeMillisMax
    const attempt = (): void =>
      this.#awaited<boolean>(
        attemptMillisMax,
        false,
        (answer) => publish(() => answer(true)),
        (stored) => {
          if (stored || now() >= until) settled(stored)
          else plan(attemptRetryMillis, () => this.#lease().process(attempt))
        }
      )
    attempt()
  }

  #saveSession({
    deviceKey,
    productKey,
    record,
    revision,
    token
  }: HostEffect & { readonly _tag: "SaveSession" }): void {
    const kept = new Uint8Array(record)
    this.#awaited<Parameters<DeviceHost["handleSaved"]>[2]>(
      ackTimeoutMillisDefault,
      { _tag: "Unknown" },
      (answer) =>
        this.#sessions.write(sessionKey(productKey, deviceKey), kept, revision, (outcome) =>
          answer(outcome._tag === "Stored" ? { _tag: "Saved", revision: outcome.revision } : outcome)
        ),
      (outcome) => this.#answer((host, now) => host.handleSaved(now, token, outcome))
    )
  }

  #readSession({ deviceKey, productKey, token }: HostEffect & { readonly _tag: "ReadSession" }): void {
    this.#awaited<Parameters<DeviceHost["handleRead"]>[2]>(
      rpcTimeoutMillisDefault,
      unavailable,
      (answer) =>
        this.#sessions.read(sessionKey(productKey, deviceKey), (entry) =>
          answer(
            entry?.value === undefined
              ? { _tag: "None" }
              : { _tag: "Found", revision: entry.revision, record: new Uint8Array(entry.value) }
          )
        ),
      (outcome) => this.#answer((host, now) => host.handleRead(now, token, outcome))
    )
  }

  #recall({ deviceKey, kinds, token }: HostEffect & { readonly _tag: "Recall" }): void {
    const { delay, plan } = this.#network
    this.#awaited<Parameters<DeviceHost["handleRecalled"]>[2]>(
      rpcTimeoutMillisDefault,
      unavailable,
      (answer) => {
        const there = delay()
        if (there === undefined) return
        plan(there, () => {
          const uplinks = kinds.flatMap((kind) => {
            const last = this.#around.store.uplinks.last(
              ({ subject, value }) => subject === deviceKey && value.kind === kind
            )
            return last === undefined ? [] : [last.value]
          })
          const back = delay()
          if (back !== undefined) plan(back, () => answer({ _tag: "Recalled", uplinks, credentialVersion: 0 }))
        })
      },
      (outcome) => this.#answer((host, now) => host.handleRecalled(now, token, outcome))
    )
  }
}

const unavailable = { _tag: "Unavailable", reason: "no answer came in time" } as const
