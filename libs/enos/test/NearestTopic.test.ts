import { assert, describe, it } from "@effect/vitest"
import { classifyTopic, nearestTopic, shownPath, topicNames } from "../src/index.ts"

const post = "/topic/sys/pk1/dev1/thing/measurepoint/post"
const hintOf = (path: string) => nearestTopic(path.split("/").slice(1), "pk1", "dev1")

describe("what a path that is no topic was meant to be", () => {
  for (const [path, cause, meant] of [
    ["/sys/pk1/dev1/thing/measurepoint/post", "/topic is missing", post],
    ["/thing/measurepoint/post", "/topic/sys/{ProductKey}/{DeviceKey} is missing", post],
    ["/topic/pk1/dev1/thing/measurepoint/post", "sys is missing", post],
    ["/topic/sys/thing/measurepoint/post", "its keys are not", post],
    ["/topic/sys/pk1/thing/measurepoint/post", "its keys are not", post],
    ["/topic/sys/{productKey}/{deviceKey}/thing/measurepoint/post", "its product key is not", post],
    ["/topic/sys/pk1/.dev1/thing/measurepoint/post", "its device key is not", post],
    ["/topic/sys/pk1/dev1/thing/measurepoint/Post", "capitals and small letters", post],
    ["/TOPIC/SYS/pk1/dev1/thing/measurepoint/post", "capitals and small letters", post],
    ["/topic/sys/pk1/dev1/thing/measurepoint/post/", "a slash at the end", post],
    ["/topic/sys/pk1/dev1//thing/measurepoint/post", "a slash too many", post],
    ["/topic/sys/pk1/dev1/thing/measurepoint/post ", "blanks, line ends or NULs", post],
    ["/topic/sys/pk1/dev1/thing/measurepoint/post\0", "blanks, line ends or NULs", post],
    ["/topic/sys/pk1/dev1/thing/measurepoint/post?ack=1", "a query in the path", post],
    ["/topic/sys%2Fpk1%2Fdev1/thing/measurepoint/post", "a segment holds slashes", post],
    ["/topic/sys/pk1/dev1/thing/measurepoints/post", "", post],
    ["/topic/sys/pk1/dev1/thing/measurepoint", "", post],
    ["/topic/sys/pk1/dev1/thing/measurepiont/resume/batch", "", "/topic/sys/pk1/dev1/thing/measurepoint/resume/batch"],
    ["/topic/sys/pk1/dev1/thing/events/leak/post", "", "/topic/sys/pk1/dev1/thing/event/leak/post"],
    ["/topic/sys/pk1/dev1/event/leak/post", "", "/topic/sys/pk1/dev1/thing/event/leak/post"],
    ["/topic/sys/pk1/dev1/thing/services/reset_reply", "", "/topic/sys/pk1/dev1/thing/service/reset_reply"],
    [
      "/topic/ext/pk1/dev1/thing/activate/info",
      "session is missing",
      "/topic/ext/session/pk1/dev1/thing/activate/info"
    ],
    ["/topic/ext/session/pk1/dev1/thing/activate", "", "/topic/ext/session/pk1/dev1/thing/activate/info"]
  ] as const) {
    it(path, () => {
      const hint = hintOf(path)
      assert.include(hint, cause)
      assert.isTrue(hint.endsWith(`. The nearest topic is ${meant}`), hint)
    })
  }

  for (const path of ["/nonsense", "/", "/topic/sys/pk1/dev1", `/topic/${"x".repeat(250)}/`.repeat(60)]) {
    it(`${path.slice(0, 40)} is like no topic`, () => {
      assert.match(hintOf(path), /No topic is like it: they begin with \/topic\/sys\/pk1\/dev1\//)
    })
  }

  it("every name of a topic is one, and is not told to be another", () => {
    for (const name of topicNames) {
      const path = ["topic", "sys", "pk1", "dev1", ...name.replace("*", "leak").split("/")]
      assert.notStrictEqual(classifyTopic(path)._tag, "Unknown", name)
      assert.strictEqual(nearestTopic(path, "pk1", "dev1"), `. The nearest topic is ${shownPath(path)}`)
    }
  })
})
