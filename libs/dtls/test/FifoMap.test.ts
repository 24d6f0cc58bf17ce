import { it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { expect } from "vitest"
import { FifoMap } from "../src/internal/FifoMap.ts"

const operation = Schema.Literals(["set a", "set b", "set c", "set d", "delete a", "delete b", "delete oldest", "look"])

it.prop(
  "the oldest entry is the one that a plain list of sets and deletes says",
  [Schema.Array(operation)],
  ([operations]) => {
    const map = new FifoMap<{ readonly n: number }>()
    let model: Array<readonly [string, { readonly n: number }]> = []
    for (const [n, text] of operations.entries()) {
      const [verb, what] = text.split(" ")
      const key = what === "oldest" ? model[0]?.[0] : what
      if (verb === "look" || key === undefined) {
        expect(map.oldest()).toEqual(model[0])
        continue
      }
      model = model.filter(([other]) => other !== key)
      if (verb === "set") {
        model.push([key, { n }])
        map.set(key, model.at(-1)![1])
      } else map.delete(key)
      expect(map.size).toBe(model.length)
    }
    expect(map.oldest()).toEqual(model[0])
  }
)
