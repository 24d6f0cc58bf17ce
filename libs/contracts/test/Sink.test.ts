import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { NewSink, SinkReplacement } from "../src/index.ts"

const told = { name: "telemetry", kinds: ["uplink"] }

/** Why it is refused by a schema; empty if it is not. */
const refusal = (schema: typeof NewSink | typeof SinkReplacement, url: string): string => {
  const read = Schema.decodeUnknownResult(schema as typeof NewSink)({ ...told, target: { type: "postgres", url } })
  return Result.isFailure(read) ? String(read.failure) : ""
}

describe("the URL of a sink's database", () => {
  it("names a host, and neither files nor sockets of the machine that writes (trust D3)", () => {
    for (const schema of [NewSink, SinkReplacement]) {
      for (const query of [
        "sslrootcert=/dev/zero",
        "sslkey=/etc/shadow",
        "host=/run/postgresql",
        "stream=x",
        "port=1"
      ]) {
        const url = `postgres://roost@db.example/telemetry?sslmode=verify-full&${query}`
        const name = query.slice(0, query.indexOf("="))
        assert.include(
          refusal(schema, url),
          `expected no parameter but application_name, options, sslmode, not ${name}`
        )
      }
      assert.include(refusal(schema, "postgres://roost@%2Frun%2Fpostgresql/telemetry"), "the name or address of a host")
      assert.include(refusal(schema, "postgres://roost@db.example/x?sslmode=verify_full"), "not verify_full")
    }
  })

  it("may say how it is encrypted, and what else a session of its user begins with", () => {
    for (const schema of [NewSink, SinkReplacement]) {
      for (const query of ["", "?sslmode=verify-full", "?sslmode=disable&options=-c%20search_path%3Diot"]) {
        assert.strictEqual(refusal(schema, `postgres://roost@db.example:5432/telemetry${query}`), "")
      }
      assert.strictEqual(refusal(schema, "postgres://roost@[2001:db8::1]:5432/telemetry"), "")
    }
  })
})
