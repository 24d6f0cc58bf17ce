import { assert, describe, it } from "@effect/vitest"
import { SinkLag } from "../src/delivery/SinkLag.ts"
import { afterSinkAttempt, untriedSink } from "../src/delivery/SinkStatuses.ts"
import { targetFault } from "../src/delivery/TargetFault.ts"
import { mqttFault } from "../src/mqtt/mqttFault.ts"
import { topicOf } from "../src/mqtt/topicOf.ts"
import { postgresFault } from "../src/postgres/postgresFault.ts"

const coded = (code: string) => Object.assign(new Error("said so"), { code })

describe("how a sink does", () => {
  it("is failing since the first fault with its cure, and healthy after the next write", () => {
    const fault = targetFault("target", "sink-login", "no")
    const first = afterSinkAttempt(afterSinkAttempt(untriedSink, { at: 1, upTo: 1 }), {
      at: 5,
      fault,
      nextAttemptAt: 6
    })
    const second = afterSinkAttempt(first, { at: 7, fault, nextAttemptAt: 9 })
    assert.deepInclude(second, {
      health: "failing",
      failingSince: 5,
      nextAttemptAt: 9,
      writtenAt: 1,
      code: "sink-login"
    })
    assert.match(second.cure ?? "", /PUT \/v1\/sinks/)
    assert.deepStrictEqual(afterSinkAttempt(second, { at: 10, upTo: 8 }), {
      health: "healthy",
      at: 10,
      writtenAt: 10,
      writtenUpTo: 8
    })
  })

  it("is behind by the age of the batch in hand, and of what waits behind a full one", () => {
    const lag = new SinkLag()
    assert.strictEqual(lag.at(100), 0)
    lag.begin(40)
    assert.strictEqual(lag.at(100), 60)
    lag.done(70, true)
    assert.strictEqual(lag.at(100), 30)
    lag.begin(71)
    lag.done(90, false)
    assert.strictEqual(lag.at(100), 0)
  })

  it("names of PostgreSQL's errors whose fault they are", () => {
    const of = (code: string) => {
      const { blame, code: refusal } = postgresFault(coded(code), "db:5432/x")
      return `${blame} ${refusal}`
    }
    assert.deepStrictEqual(["ECONNREFUSED", "28P01", "42501", "42703", "53100", "22003", "23514", "57P01"].map(of), [
      "target sink-unreachable",
      "target sink-login",
      "target sink-denied",
      "target sink-table",
      "target sink-full",
      "events sink-event-refused",
      "events sink-event-refused",
      "target sink-unreachable"
    ])
  })
})

describe("a reason of MQTT", () => {
  it("says of a connection that the login is wrong, and of a message that this topic is not allowed", () => {
    const refused = Object.assign(new Error("Not authorized"), { code: 0x87 })
    const [connecting, publishing] = [true, false].map((isConnecting) =>
      mqttFault(refused, "mqtt://b:1883", isConnecting)
    )
    assert.deepInclude(connecting, { blame: "target", code: "sink-login" })
    assert.deepInclude(publishing, { blame: "events", code: "sink-denied" })
    const noTls = mqttFault(coded("ERR_SSL_WRONG_VERSION_NUMBER"), "mqtts://b:1883")
    assert.include(noTls.detail, "the broker at b:1883: the port speaks no TLS: write mqtt:// in place of mqtts://")
    assert.deepInclude(mqttFault(coded("ECONNREFUSED"), "mqtt://b:1883"), { blame: "target", code: "sink-unreachable" })
  })
})

describe("a topic", () => {
  it("has the event's fields, and no level that a value made", () => {
    const event = { type: "presence", id: "i", productKey: "p", deviceKey: "a:b/+#$", state: "online" } as const
    assert.strictEqual(topicOf("x/{productKey}/{deviceKey}/{kind}", event), "x/p/a:b%2f%2b%23%24/presence")
  })
})
