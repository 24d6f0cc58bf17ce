import {
  type ActivateRequest,
  type CommandEvent,
  type DeviceEvent,
  type PropertiesRequest,
  type Presence,
  sessionKey,
  type StrangerEvent
} from "@roost/contracts"
import { mistakenKeys, pskFromSecret } from "@roost/enos"
import type { Conversion } from "@roost/raw-script"
import type { DeviceHost } from "../../src/host/DeviceHost.ts"
import type { HostEffect } from "../../src/host/HostEffect.ts"
import type { ActivationOutcome, PropertiesOutcome, PskOutcome, UplinkRecord } from "../../src/state/Outcomes.ts"
import type { ScriptCall } from "../../src/state/ScriptCall.ts"
import type { Store } from "./Store.ts"

/** The effects that ask something of others than an edge. */
type AskedEffect = Exclude<HostEffect, { readonly _tag: "Forward" | "Frame" }>

/** The registry, the scripts, the store and the streams of a host, as arrays and functions that a test looks into and sets. */
export class Answers {
  now = 1_700_000_000_000
  readonly store: Store
  /** Of the uplinks that the stream still knows by their ids. */
  readonly #ids = new Set<string>()
  readonly propertiesAsked: Array<PropertiesRequest> = []
  /** The registry's answer. */
  properties: (request: PropertiesRequest) => PropertiesOutcome = () => ({ _tag: "Done", values: {} })
  /** Answers to writes of sessions do not come while set. */
  holdSaved = false
  readonly scriptCalls: Array<ScriptCall> = []
  /** The conversion by the product's script. */
  convert: (call: ScriptCall) => Conversion = ({ input }) => ({ _tag: "Converted", bytes: input })
  readonly uplinks: Array<UplinkRecord> = []
  /** Under which the last uplink waits for `handleStored`. */
  storeToken = 0
  readonly presences: Array<Presence> = []
  readonly events: Array<DeviceEvent> = []
  readonly strangers: Array<StrangerEvent> = []
  /** How often the registry was asked for keys that come of mistakes. */
  mistakesAsked = 0
  readonly commandEvents: Array<CommandEvent> = []
  /** Whether the store takes the next uplinks. */
  storing: "yes" | "no" | "later" = "yes"
  psk: (deviceKey: string) => PskOutcome = (deviceKey) => found(`secret of ${deviceKey}`)
  activation: (token: number) => ActivationOutcome = (token) => ({
    _tag: "Issued",
    assetId: "a1",
    deviceSecret: `issued ${token}`
  })
  readonly activations: Array<ActivateRequest> = []

  constructor(store: Store) {
    this.store = store
  }

  /** The stream's window for message ids is over. */
  forgetIds(): void {
    this.#ids.clear()
  }

  /** Answers come when `later` lets them. False: it can't be done now. */
  protected answer(host: () => DeviceHost, effect: AskedEffect, later: (work: () => void) => void): boolean {
    switch (effect._tag) {
      case "AskKey": {
        const { deviceKey, mistakes } = effect.request
        later(() => {
          if (mistakes === true) this.mistakesAsked++
          // Nobody's is as long as any.
          const secret = `secret of ${deviceKey === "" ? "none" : deviceKey}`
          const keys = mistakes === true ? { mistakes: mistakenKeys(secret, "secret of the product", deviceKey) } : {}
          host().handlePsk(this.now, effect.token, { ...this.psk(deviceKey), ...keys })
        })
        return true
      }
      case "AskProperties":
        this.propertiesAsked.push(effect.request)
        later(() => host().handleProperties(this.now, effect.token, this.properties(effect.request)))
        return true
      case "AskActivation":
        this.activations.push(effect.request)
        later(() => host().handleActivation(this.now, effect.token, this.activation(effect.token)))
        return true
      case "RunScript":
        this.scriptCalls.push(effect.call)
        later(() => host().handleConverted(this.now, effect.token, this.convert(effect.call)))
        return true
      case "StoreUplink": {
        const { token, uplink } = effect
        if (this.storing === "no") return false
        this.storeToken = token
        // The stream keeps one message of an id.
        if (!this.#ids.has(uplink.id)) {
          this.#ids.add(uplink.id)
          this.uplinks.push({ ...uplink, payload: uplink.payload.slice() })
        }
        if (this.storing === "yes") later(() => host().handleStored(this.now, token, true))
        return true
      }
      case "StoreCommandEvent":
        this.commandEvents.push(effect.event)
        if (effect.token !== 0) later(() => host().handleStored(this.now, effect.token, true))
        return true
      case "SaveSession": {
        const { deviceKey, productKey, record, revision, token } = effect
        if (this.store.reachable === false) return false
        const outcome = this.store.write(sessionKey(productKey, deviceKey), revision, record)
        if (!this.holdSaved) later(() => host().handleSaved(this.now, token, outcome))
        return true
      }
      case "ReadSession": {
        const entry = this.store.entries.get(sessionKey(effect.productKey, effect.deviceKey))
        const outcome = entry === undefined ? ({ _tag: "None" } as const) : ({ _tag: "Found", ...entry } as const)
        later(() => host().handleRead(this.now, effect.token, outcome))
        return true
      }
      case "DeleteSession":
        this.store.delete(effect.revision)
        return true
      case "Recall": {
        const { deviceKey, kinds, productKey, token } = effect
        const uplinks = kinds.flatMap((kind) => {
          const last = this.uplinks.findLast(
            (uplink) => uplink.productKey === productKey && uplink.deviceKey === deviceKey && uplink.kind === kind
          )
          return last === undefined ? [] : [last]
        })
        const credentialVersion = this.store.credentialVersions.get(deviceKey) ?? 0
        later(() => host().handleRecalled(this.now, token, { _tag: "Recalled", uplinks, credentialVersion }))
        return true
      }
      case "Presence":
        this.presences.push(effect.presence)
        return true
      case "Event":
        this.events.push(effect.event)
        return true
      case "Stranger":
        this.strangers.push(effect.event)
        return true
    }
  }
}

export const found = (secret: string, credentialVersion = 1): PskOutcome & { readonly _tag: "Found" } => ({
  _tag: "Found",
  psk: pskFromSecret(secret),
  credentialVersion,
  assetId: "a1",
  dataFormat: "Json",
  downlink: "pipelined"
})
