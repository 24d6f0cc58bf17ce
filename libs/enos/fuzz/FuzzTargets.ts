import * as Result from "effect/Result"
import {
  checkUplinkParams,
  classifyTopic,
  decodeCommandReply,
  decodeMethod,
  decodeRequest,
  encodeReply,
  formatIdentity,
  parseIdentity,
  reportedPoints
} from "../src/index.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

export const fuzzTargets = [
  {
    name: "psk-identity",
    bytesMax: 200,
    seeds: () => ["MuGsF6W4,15bBZlRknc,2,3600", "pk,dk,3,30", `a","b,2,86400`, "pk, dk,2,300", ""].map(bytes),
    run: (input: Uint8Array) => {
      const parsed = parseIdentity(input)
      if (Result.isFailure(parsed)) return
      const again = parseIdentity(bytes(formatIdentity(parsed.success)))
      if (Result.isFailure(again)) throw new Error("an identity can't be read when it is written")
      if (JSON.stringify(again.success) !== JSON.stringify(parsed.success))
        throw new Error("another identity comes back")
    }
  },
  {
    name: "topic",
    bytesMax: 300,
    seeds: () =>
      [
        "topic/sys/pk/dk/thing/measurepoint/post",
        "topic/sys/pk/dk/thing/service/measurepoint/set",
        "topic/sys/pk/dk/thing/service/abc",
        "topic/sys/pk/dk/thing/model/up_raw",
        "topic//sys/pk/dk/activate/info"
      ].map(bytes),
    run: (input: Uint8Array) => void classifyTopic(new TextDecoder().decode(input).split("/"))
  },
  {
    name: "envelope",
    bytesMax: 2_048,
    seeds: () =>
      [
        `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"temp":21.5,"at":{"value":1e400,"quality":0}},"time":1700000000000}}`,
        `{"id":1234567890123456789,"code":200,"data":{"a":-0,"b":[1.0,"\\u0000"]}}`,
        `{"id":"1","method":"thing.attribute.update","params":{"attributes":{"a":1}}}`,
        `{"id":"1","method":"thing.tag.update","params":[{"tagKey":"a","tagValue":"b"}]}`,
        "\ufeff{}",
        "[[[[[[[[[[[[[[[[[[["
      ].map(bytes),
    run: (input: Uint8Array) => {
      decodeMethod(input)
      decodeCommandReply(input)
      reportedPoints(input, 1_700_000_000_000)
      const request = decodeRequest(input)
      if (Result.isFailure(request)) return
      const { id, method, params } = request.success
      checkUplinkParams(method, params, { productKey: "pk", deviceKey: "dk", model: undefined })
      JSON.parse(new TextDecoder().decode(encodeReply(id, 200)))
    }
  }
]
