import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { untilReady } from "../src/index.ts"

describe("an app that starts", () => {
  const answers: Array<number> = []
  const server = createServer((_request, response) => {
    response.writeHead(answers.length > 1 ? answers.shift()! : answers[0]!).end("waits for NATS")
  })
  const port = () => (server.address() as AddressInfo).port
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve)))
  afterAll(() => new Promise((resolve) => void server.close(resolve)))

  const failureOf = (options: Parameters<typeof untilReady>[2]) =>
    untilReady("registry-1", port(), options).then(
      () => "ready",
      (error: Error) => error.message
    )

  it("is waited for until it can serve", async () => {
    answers.splice(0, answers.length, 503, 503, 200)
    await untilReady("registry-1", port())
    assert.deepStrictEqual(answers, [200])
  })
  it("that can't serve in time is told with its last answer", async () => {
    answers.splice(0, answers.length, 503)
    assert.strictEqual(await failureOf({ millisMax: 300 }), "registry-1 was not ready in 300 ms (waits for NATS)")
  })
  it("that has ended is waited for no longer", async () => {
    answers.splice(0, answers.length, 503)
    assert.strictEqual(await failureOf({ ended: () => "ended with 1" }), "registry-1 ended with 1")
  })
})
