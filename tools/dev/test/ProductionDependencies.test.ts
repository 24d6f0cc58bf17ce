import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, it } from "vitest"

interface Locked {
  readonly dev?: boolean
  readonly link?: boolean
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const root = fileURLToPath(new URL("../../../", import.meta.url))
const lock = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")).packages as Readonly<Record<string, Locked>>
const apps = ["registry", "downlink-queue", "session-actors", "udp-edge", "sinks"].map((app) => `apps/${app}`)

/** Everything that the apps are made of, by its place in the lock file. */
const reached = (): ReadonlySet<string> => {
  const places = new Set<string>()
  const next = [...apps]
  for (let place = next.pop(); place !== undefined; place = next.pop()) {
    if (places.has(place)) continue
    places.add(place)
    const { dependencies, optionalDependencies } = lock[place]!
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) next.push(...placesOf(place, name))
  }
  return places
}

/** Beside whoever needs it, or at the root; a lib of the workspace is where its link leads. */
const placesOf = (from: string, name: string): ReadonlyArray<string> => {
  const place = [`${from}/node_modules/${name}`, `node_modules/${name}`].find((path) => path in lock)
  if (place === undefined) return []
  return [lock[place]!.link === true ? lock[place]!.resolved! : place]
}

it("what serves tests only is no production dependency, of apps or of anything (trust item 6)", () => {
  const places = reached()
  assert.include(places, "libs/dtls")
  assert.include(places, "node_modules/effect")
  for (const test of ["coap", "@nodertc/dtls", "vitest", "esbuild", "nx", "tinybench", "@effect/vitest"]) {
    assert.notInclude(places, `node_modules/${test}`)
    // `npm ls --omit=dev` and `npm ci --omit=dev` go by these lists.
    assert.containSubset(lock[`node_modules/${test}`], { dev: true }, test)
  }
  assert.deepStrictEqual(
    [...places].filter((place) => /^(?:tools|libs\/testkit|libs\/simulation)/.test(place)),
    []
  )
})
