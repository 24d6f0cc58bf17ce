import type { Request } from "@roost/coap"
import type { DeviceState } from "../state/DeviceState.ts"
import type { AskedProperties } from "./Properties.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { RequestTrace } from "./RequestTraces.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

const noBytes: Uint8Array = new Uint8Array(0)

/** The answer that a request waits for, and what is needed then. */
export interface Wait {
  /** `change`: of attributes or tags, at the store. `rawRequest`, `rawAnswer`: at the product's script. */
  readonly kind: "uplink" | "change" | "reply" | "activation" | "properties" | "rawRequest" | "rawAnswer"
  /** The answer's, once the store has the request. */
  readonly payload?: Uint8Array
  /** The question to the registry once the uplink is stored. */
  readonly asked?: AskedProperties | undefined
  /** The command that a reply finished, and how. */
  readonly replied?: { readonly commandId: string; readonly code: number }
  readonly trace?: RequestTrace | undefined
  /** The store has the uplink that is answered once its script has written the answer. */
  readonly stored?: boolean
}

/** A request whose answer waits for the store or the registry. */
export interface WaitingRequest extends RequestContext {
  readonly kind: Wait["kind"]
  readonly payload: Uint8Array
  readonly asked: Wait["asked"]
  readonly replied: Wait["replied"]
  readonly trace: Wait["trace"]
  readonly stored: boolean
  /** Of the frame that it came by: `frameStamp`, or 0. */
  readonly heardAt: number
}

/**
 * The requests that wait, by token. Each is written into a slot that lives on, not kept as an object in a map. V8 came to
 * allocate such objects in old space. Everything that hung on them stayed until the next full collection: 1.6 KB per uplink
 * (docs/performance/log.md).
 */
export class WaitingRequests {
  readonly #slots: Array<Slot> = []
  readonly #free: Array<number> = []
  /** Of the frame, or of the request, that is handled. */
  heardAt = 0
  /** Of the uplink that is being answered 2.04; 0 for every other answer. */
  answers = 0

  get size(): number {
    return this.#slots.length - this.#free.length
  }

  countOf(partition: number): number {
    let count = 0
    for (const { device } of this.#slots) if (device?.partition === partition) count++
    return count
  }

  /** The token under which it is taken. */
  add(context: RequestContext, { asked, kind, payload, replied, stored = false, trace }: Wait): number {
    const index = this.#free.pop() ?? this.#slots.push(new Slot()) - 1
    const slot = this.#slots[index]!
    slot.device = context.device
    slot.session = context.session
    slot.exchange = context.exchange
    slot.request = context.request
    slot.original = context.original
    slot.mayRepeat = context.mayRepeat
    slot.payload = payload ?? noBytes
    slot.kind = kind
    slot.asked = asked
    slot.replied = replied
    slot.trace = trace
    slot.stored = stored
    slot.heardAt = this.heardAt
    return ++slot.use * slotsMax + index
  }

  /** Undefined if it was taken before. */
  take(token: number): WaitingRequest | undefined {
    const index = token % slotsMax
    const slot = this.#slots[index]
    if (slot === undefined || slot.use * slotsMax + index !== token) return undefined
    const {
      asked,
      device,
      exchange,
      heardAt,
      kind,
      mayRepeat,
      original,
      payload,
      replied,
      request,
      session,
      stored,
      trace
    } = slot
    if (device === undefined || session === undefined || request === undefined) return undefined
    slot.clear()
    this.#free.push(index)
    return {
      device,
      session,
      exchange,
      request,
      original,
      mayRepeat,
      payload,
      kind,
      asked,
      replied,
      trace,
      stored,
      heardAt
    }
  }
}

class Slot {
  /** Part of the token, so that a late answer finds nothing. */
  use = 0
  device: DeviceState | undefined
  session: DeviceSession | undefined
  exchange = 0
  request: Request | undefined
  original: Request | undefined
  mayRepeat = false
  payload = noBytes
  kind: Wait["kind"] = "uplink"
  asked: Wait["asked"]
  replied: Wait["replied"]
  trace: Wait["trace"]
  stored = false
  heardAt = 0

  clear(): void {
    this.device = undefined
    this.session = undefined
    this.request = undefined
    this.original = undefined
    this.payload = noBytes
    this.asked = undefined
    this.replied = undefined
    this.trace = undefined
  }
}

/** Tokens stay exact integers for 2^29 uses of a slot. */
const slotsMax = 2 ** 24
