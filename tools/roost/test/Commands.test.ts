import { assert, describe, it } from "@effect/vitest"
import { freeTcpPort } from "@roost/testkit"
import { Effect } from "effect"
import { operations } from "../src/api/Operation.ts"
import { exitCodes } from "../src/ExitCode.ts"
import { asksForJson, errorDocument, Failure } from "../src/Failure.ts"
import { inOneLine } from "../src/Presenter.ts"
import { placementOf } from "../src/RoostCommand.ts"
import { type Answer, problem, registry, run } from "./support/InProcess.ts"

/** A line of `--help`, as a shell would split it, without what it pipes the output to. */
const wordsOf = (line: string): ReadonlyArray<string> =>
  (line.replace(/ [|<>].*$/, "").match(/(?:'[^']*'|[^\s'])+/g) ?? []).slice(1).map((word) => word.replaceAll("'", ""))

describe("commands", () => {
  it.live("send what is typed, numbers as they are written", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* registry(() => ({ status: 202, body: '{"commandId":"c1","state":"created"}' }))
      const device = "/v1/products/p/devices/d"
      const cases: ReadonlyArray<readonly [args: string, method: string, url: string, body: string]> = [
        [
          "commands set p/d limit=30.50",
          "POST",
          `${device}/measurepoints/limit:set`,
          '{"value":30.50,"pendingTtl":0,"timeout":30}'
        ],
        [
          "commands set p/d n=9223372036854775808 --ttl 10m",
          "POST",
          `${device}/measurepoints/n:set`,
          '{"value":9223372036854775808,"pendingTtl":600,"timeout":30}'
        ],
        [
          "commands set p/d mode=auto --unchecked",
          "POST",
          `${device}/measurepoints/mode:set?unchecked=true`,
          '{"value":"auto","pendingTtl":0,"timeout":30}'
        ],
        [
          "commands read p/d a b",
          "POST",
          `${device}/measurepoints:get`,
          '{"ids":["a","b"],"pendingTtl":0,"timeout":30}'
        ],
        [
          "commands invoke p/d reset",
          "POST",
          `${device}/services/reset:invoke`,
          '{"inputData":{},"pendingTtl":0,"timeout":30}'
        ],
        ["commands raw p/d 0x4142 --ttl 5", "POST", `${device}/raw?pendingTtl=5&timeout=30`, "AB"],
        [
          "products set p --no-model --no-dynamic-activate",
          "PATCH",
          "/v1/products/p",
          '{"dynamicActivateEnabled":false,"modelId":null}'
        ],
        ['products set p --data {"productName":"X"} --name Y', "PATCH", "/v1/products/p", '{"productName":"Y"}'],
        ["tags set p/d owner=12 gone=null", "PATCH", `${device}/tags`, '{"owner":"12","gone":null}'],
        ["devices create p/d --name N", "POST", "/v1/products/p/devices", '{"deviceKey":"d","deviceName":"N"}'],
        [
          "webhooks create https://a.example/x --kinds uplink,command",
          "POST",
          "/v1/webhooks",
          '{"url":"https://a.example/x","kinds":["uplink","command"]}'
        ],
        ["products rm p --force", "DELETE", "/v1/products/p?force=true", ""]
      ]
      for (const [args, method, path, body] of cases) {
        asked.length = 0
        const { code, text } = yield* run(url, args.split(" "))
        assert.deepStrictEqual([code, text], [0, ""], args)
        assert.deepStrictEqual(asked, [{ method, url: path, body, authorization: "Bearer a-token-of-a-test" }], args)
      }
    }).pipe(Effect.scoped)
  )

  it.live("end with a code for each outcome", () =>
    Effect.gen(function* () {
      let answer: Answer = { status: 200 }
      const { asked, url } = yield* registry(() => answer)
      const codes: ReadonlyArray<readonly [Answer, number]> = [
        [{ status: 200, body: '{"productKey":"p"}' }, exitCodes.done.code],
        [problem(422, "secret-too-short"), exitCodes.unusable.code],
        [{ status: 200, body: "<html>" }, exitCodes.noConnection.code],
        [{ status: 404, body: "not here" }, exitCodes.noConnection.code],
        [problem(401, "unauthorized"), exitCodes.notAllowed.code],
        [problem(404, "no-such-product"), exitCodes.notThere.code],
        [problem(409, "product-in-use"), exitCodes.conflict.code],
        [problem(503, "temporarily-unavailable"), exitCodes.roostFailed.code]
      ]
      for (const [given, code] of codes) {
        answer = given
        assert.strictEqual((yield* run(url, ["products", "get", "p"])).code, code, JSON.stringify(given))
      }
      asked.length = 0
      const mistakes = [
        "products get",
        "products gte p",
        "products get bad/key",
        "devices get /d",
        "commands set p/d limit",
        "products get p --oups"
      ]
      for (const mistake of mistakes) {
        assert.strictEqual((yield* run(url, mistake.split(" "))).code, exitCodes.unusable.code, mistake)
      }
      assert.deepStrictEqual(asked, [])
      const silent = yield* run(`http://127.0.0.1:${yield* freeTcpPort}`, ["products", "ls"])
      assert.strictEqual(silent.code, exitCodes.noConnection.code)
      assert.include(silent.text, "npm start")
    }).pipe(Effect.scoped)
  )

  it("what is wrong with the words stands in one line, with what was probably meant", () => {
    const suggested = 'Unknown subcommand "sl" for "roost devices"\n\n  Did you mean this?\n    ls\n    set'
    assert.strictEqual(inOneLine(suggested), 'Unknown subcommand "sl" for "roost devices": did you mean ls or set?')
    assert.strictEqual(inOneLine("Missing required argument: name\n"), "Missing required argument: name")
  })

  it("a failure is a document where JSON is asked for", () => {
    for (const args of ["products get p -o json", "--output=json x", "--output json x"]) {
      assert.isTrue(asksForJson(args.split(" ")), args)
    }
    assert.isFalse(asksForJson(["products", "get", "json", "-o", "yaml"]))
    const failure = new Failure({ outcome: "notThere", what: "no p", cure: "did you mean q?" })
    assert.strictEqual(
      JSON.stringify(errorDocument(failure)),
      '{"error":{"outcome":"notThere","exitCode":5,"what":"no p","cure":"did you mean q?"}}'
    )
  })

  it.live("--wait follows a command to its end, and its end is the exit code", () =>
    Effect.gen(function* () {
      const states = ["created", "sent", "timedOut"]
      const { url } = yield* registry(({ method }) =>
        method === "POST"
          ? { status: 202, body: '{"commandId":"c1","state":"created"}' }
          : {
              status: 200,
              body: `{"commandId":"c1","state":"${states.length > 1 ? states.shift() : states[0]}","value":1.0}`
            }
      )
      const args = ["commands", "set", "p/d", "limit=1.0", "--wait", "--output", "json"]
      const { code, out, told } = yield* run(url, args)
      assert.strictEqual(code, exitCodes.saysNo.code)
      assert.include(out, '"value": 1.0')
      assert.match(told, /waits for its device[\s\S]*fetched it[\s\S]*timed out/)
      states.splice(0, 1, "created")
      assert.strictEqual((yield* run(url, [...args, "--wait-max", "1"])).code, exitCodes.tooLate.code)
    }).pipe(Effect.scoped)
  )

  it.live("lists go over all pages, and say when there are more", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* registry((request) => {
        const cursor = new URL(request.url, "http://x").searchParams.get("cursor")
        const at = { productKey: "p", deviceKey: cursor === null ? "a" : "b" }
        return {
          status: 200,
          body: JSON.stringify({ devices: [at], total: "2", ...(cursor === null ? { nextCursor: "0.1.p.a" } : {}) })
        }
      })
      assert.strictEqual((yield* run(url, ["devices", "ls", "-q"])).out, "p/a\np/b")
      assert.strictEqual(asked.length, 2)
      const limited = yield* run(url, ["devices", "ls", "--limit", "1", "--output", "json"])
      assert.deepInclude(JSON.parse(limited.out), {
        devices: [{ productKey: "p", deviceKey: "a" }],
        nextCursor: "0.1.p.a"
      })
      assert.include(asked.at(-1)!.url, "limit=1")
    }).pipe(Effect.scoped)
  )

  it.live("a name that is not there is told with the one that was probably meant", () =>
    Effect.gen(function* () {
      const { url } = yield* registry(({ url }) =>
        url.includes("/devices?")
          ? { status: 200, body: '{"devices":[{"deviceKey":"meter-1"},{"deviceKey":"valve"}]}' }
          : problem(404, "no-such-device")
      )
      const { code, text } = yield* run(url, ["devices", "get", "p/metre-1"])
      assert.strictEqual(code, exitCodes.notThere.code)
      assert.include(text, "did you mean p/meter-1?")
    }).pipe(Effect.scoped)
  )

  it.live("each example of --help is understood", () =>
    Effect.gen(function* () {
      const { url } = yield* registry(() => problem(503, "temporarily-unavailable"))
      for (const operation of operations.values()) {
        const { byHand, examples, words } = placementOf(operation)
        if (byHand === true) continue
        for (const [args] of examples) {
          const line = `roost ${words} ${args}`
          if (args === "--help") continue
          const { code, text } = yield* run(url, wordsOf(line))
          assert.strictEqual(code, exitCodes.roostFailed.code, `${line}: ${text}`)
        }
      }
    }).pipe(Effect.scoped)
  )
})
