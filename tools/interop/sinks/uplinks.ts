import { jetstream } from "@nats-io/jetstream"
import { connect, headers, type NatsConnection } from "@nats-io/transport-node"
import { Subjects, UplinkHeader } from "@roost/contracts"
import type { RoostProcesses } from "@roost/testkit"

/** Stores uplinks as session-actors does, and counts those that the stream acknowledged. */
export class Uplinks implements AsyncDisposable {
  readonly #client: NatsConnection
  #next = 0
  acknowledged = 0

  private constructor(client: NatsConnection) {
    this.#client = client
  }

  static async of(roost: RoostProcesses): Promise<Uplinks> {
    return new Uplinks(
      await connect({ servers: [...roost.natsUrls], maxReconnectAttempts: -1, reconnectTimeWait: 100 })
    )
  }

  /** `count` of them at once; what is not acknowledged is sent again under the same id, as a device does. */
  async store(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#storeOne(++this.#next)))
  }

  async #storeOne(number: number): Promise<void> {
    const told = headers()
    told.set(UplinkHeader.method, "thing.measurepoint.post")
    told.set(UplinkHeader.topic, "/sys/pk/d/thing/measurepoint/post")
    told.set(UplinkHeader.time, String(Date.now()))
    const body = JSON.stringify({
      id: String(number),
      version: "1.0",
      method: "thing.measurepoint.post",
      params: { measurepoints: { n: number }, time: 1_700_000_000_000 + number }
    })
    for (;;) {
      try {
        const options = { headers: told, msgID: `chaos-${number}`, timeout: 5_000 }
        await jetstream(this.#client).publish(Subjects.uplink("pk", `d${number % 50}`, "measurepoint"), body, options)
        this.acknowledged++
        return
      } catch {
        await new Promise((resume) => setTimeout(resume, 100))
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close()
  }
}
