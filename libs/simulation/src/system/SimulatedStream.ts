import { later, type Network } from "../leases/SimulatedBucket.ts"

export interface StreamMessage<A> {
  /** Of the device that it is about. */
  readonly subject: string
  /** `Nats-Msg-Id`; empty for none. */
  readonly id: string
  readonly storedAt: number
  readonly value: A
}

/** A stream of JetStream: keeps one message of an id within its window, and answers when it has it. */
export class SimulatedStream<A> {
  readonly #now: () => number
  readonly #windowMillis: number
  readonly #messages: Array<StreamMessage<A>> = []
  /** What it had, and has no more since it went back. */
  readonly takenBack: Array<StreamMessage<A>> = []
  readonly #storedAt = new Map<string, number>()
  /** Called for each message that is kept. */
  onStored: (message: StreamMessage<A>) => void = () => undefined

  constructor(now: () => number, windowMillis: number) {
    this.#now = now
    this.#windowMillis = windowMillis
  }

  get messages(): ReadonlyArray<StreamMessage<A>> {
    return this.#messages
  }

  publish(network: Network, subject: string, id: string, value: A, stored: () => void): void {
    later(network, () => {
      const now = this.#now()
      if (id === "" || now - (this.#storedAt.get(id) ?? -Infinity) > this.#windowMillis) {
        if (id !== "") this.#storedAt.set(id, now)
        const message = { subject, id, storedAt: now, value }
        this.#messages.push(message)
        this.onStored(message)
      }
      later(network, stored)
    })
  }

  last(matches: (message: StreamMessage<A>) => boolean): StreamMessage<A> | undefined {
    return this.#messages.findLast(matches)
  }

  /** It is as it was when it had so many messages. */
  setBack(count: number): void {
    this.takenBack.push(...this.#messages.splice(count))
    this.#storedAt.clear()
    for (const { id, storedAt } of this.#messages) if (id !== "") this.#storedAt.set(id, storedAt)
  }
}
