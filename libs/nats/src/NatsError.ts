import { Data } from "effect"

/**
 * Why something asked of NATS did not happen.
 * - `Disconnected`: no nats-server is connected; nothing was sent.
 * - `Timeout`: sent, not answered in time; it may have happened.
 * - `NoResponders`: nobody serves the subject, or JetStream is not there.
 * - `Busy`: the responder has as many requests as it takes.
 * - `Conflict`: compare-and-set lost; the entry has another revision.
 * - `Malformed`: the answer or the entry is not what its Schema says.
 * - `Rejected`: the other side refused, for the reason in `detail`.
 * - `Unsupported`: this nats-server can't do what is configured.
 */
export type NatsErrorReason =
  | "Disconnected"
  | "Timeout"
  | "NoResponders"
  | "Busy"
  | "Conflict"
  | "Malformed"
  | "Rejected"
  | "Unsupported"

export class NatsError extends Data.TaggedError("NatsError")<{
  readonly reason: NatsErrorReason
  /** The operation and its subject, stream or bucket. */
  readonly operation: string
  readonly detail: string
}> {
  /** The store itself said no: it is full, or JetStream is off since its disk is. Nothing was written, by nobody. */
  get isStoreRefusal(): boolean {
    return this.reason === "Rejected" || this.reason === "NoResponders"
  }

  override get message(): string {
    return `${this.operation}: ${this.reason}${this.detail === "" ? "" : `, ${this.detail}`}`
  }
}
