/**
 * The cost of CoAP per request. Run: `npx node libs/coap/benchmark/Exchange.ts`; figures and their conditions are in README.md here.
 * Every task's result is checked before it is timed.
 */
import * as Result from "effect/Result"
import { Bench } from "tinybench"
import {
  Code,
  decode,
  defaultServerSettings,
  encode,
  type Message,
  OptionNumber,
  ServerExchanges,
  stringOption
} from "../src/index.ts"
import { oracleDecode, oracleEncode } from "../test/support/CoapPacket.ts"
import { pathOptions, text, toHex } from "../test/support/build.ts"

const post: Message = {
  type: "CON",
  code: Code.Post,
  messageId: 7,
  token: Uint8Array.of(1, 2, 3, 4),
  options: pathOptions("/topic/sys/pk12345678/dk1234567890123/thing/measurepoint/post"),
  payload: text('{"id":"1","params":{"temperature":21.5,"c":2}}')
}
const changed: Message = {
  ...post,
  type: "ACK",
  code: Code.Changed,
  options: [
    stringOption(OptionNumber.PendingCommand, "/topic/sys/pk12345678/dk1234567890123/thing/service/measurepoint/set")
  ],
  payload: text('{"id":"1","code":200}')
}
const request = encode(post).slice()

const expect = (what: string, holds: boolean): void => {
  if (!holds) throw new Error(`benchmark would time something wrong: ${what}`)
}
expect("decode", JSON.stringify(Result.getOrThrow(decode(request))) === JSON.stringify(oracleDecode(request)))
expect("encode", toHex(encode(changed)) === toHex(oracleEncode(changed)))

const fleet = Array.from({ length: 1_000 }, () => new ServerExchanges(defaultServerSettings, Math.random))
let turn = 0
const exchange = (): Uint8Array => {
  turn += 1
  const exchanges = fleet[turn % fleet.length]!
  const messageId = Math.floor(turn / fleet.length) & 0xffff
  request[2] = messageId >> 8
  request[3] = messageId & 0xff
  const [output] = exchanges.handleMessage(turn, request)
  if (output?._tag !== "Request") throw new Error(`expected a Request, got ${JSON.stringify(output)}`)
  const [answer] = exchanges.respond(turn, output.exchange, changed)
  if (answer?._tag !== "Transmit") throw new Error(`expected a Transmit, got ${JSON.stringify(answer)}`)
  return answer.bytes
}
for (let index = 0; index < 70_000; index += 1) exchange()

// The clock costs about as much as one message: time them by the hundred.
const batch = 100
const bench = new Bench({ time: 2_000, warmupTime: 500 })
const add = (name: string, run: () => void): void => {
  bench.add(name, () => {
    for (let index = 0; index < batch; index += 1) run()
  })
}
add(`decode a POST of ${request.length} bytes`, () => decode(request))
add("… by coap-packet", () => oracleDecode(request))
add("encode 2.04 with option 2100", () => encode(changed))
add("… with option 2100 by coap-packet", () => oracleEncode(changed))
add("handleMessage and respond, 1000 sessions that remember 64 exchanges each", exchange)
await bench.run()
for (const { name, result } of bench.tasks) {
  if (result.state !== "completed") throw new Error(`${name}: ${result.state}`)
  console.log(`${((result.latency.mean * 1_000) / batch).toFixed(2)} µs  ${name}`)
}
