import { assert, describe, it } from "@effect/vitest"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { contextsFile, readContexts, writeContexts } from "../src/context/ContextFile.ts"
import { type Asked, findContext } from "../src/context/FindContext.ts"
import { Failure } from "../src/Failure.ts"

/** A home and a project of their own, gone afterwards. */
const inFolder = (work: (folder: string, env: Record<string, string>) => void) => {
  const folder = mkdtempSync(join(tmpdir(), "roost-cli-"))
  try {
    work(folder, { XDG_CONFIG_HOME: join(folder, "config") })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const startRoost = (folder: string, addresses?: object) => {
  const data = join(folder, ".roost")
  mkdirSync(data, { recursive: true })
  writeFileSync(join(data, "secrets.json"), JSON.stringify({ apiToken: "local-token" }))
  if (addresses !== undefined) writeFileSync(join(data, "addresses.json"), JSON.stringify(addresses))
}

const nobody: Asked = { name: undefined, url: undefined }
const prod = { url: "https://registry.example.org", token: "prod-token" }

const failureOf = (work: () => unknown): Failure => {
  try {
    work()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error("it did not fail")
}

describe("contexts", () => {
  it("the file is its owner's alone, also where it was not", () =>
    inFolder((_, env) => {
      writeContexts(env, { current: "prod", contexts: { prod } })
      chmodSync(contextsFile(env), 0o644)
      writeContexts(env, { ...readContexts(env), current: "prod" })
      assert.strictEqual(statSync(contextsFile(env)).mode & 0o777, 0o600)
      assert.deepStrictEqual(readContexts(env), { current: "prod", contexts: { prod } })
    }))

  it("the Roost of npm start is found from inside its project, at the ports that it has", () =>
    inFolder((folder, env) => {
      startRoost(folder, { registry: "http://127.0.0.1:9090", udpPort: 5690 })
      const deep = join(folder, "src/deep")
      mkdirSync(deep, { recursive: true })
      const found = findContext(nobody, env, deep)
      assert.deepInclude(found, { name: "local", url: "http://127.0.0.1:9090", token: "local-token" })
    }))

  it("flags count more than variables, those more than the current context, that more than npm start", () =>
    inFolder((folder, env) => {
      startRoost(folder)
      assert.strictEqual(findContext(nobody, env, folder).name, "local")
      writeContexts(env, { current: "prod", contexts: { prod, test: { ...prod, url: "http://test" } } })
      assert.strictEqual(findContext(nobody, env, folder).name, "prod")
      assert.strictEqual(findContext(nobody, { ...env, ROOST_CONTEXT: "test" }, folder).name, "test")
      const byUrl = { ...env, ROOST_CONTEXT: "test", ROOST_URL: "http://other", ROOST_API_TOKEN: "t" }
      assert.strictEqual(findContext(nobody, byUrl, folder).url, "http://other")
      assert.strictEqual(findContext({ name: "local", url: undefined }, byUrl, folder).name, "local")
      assert.strictEqual(
        findContext({ name: undefined, url: "http://127.0.0.1:8080/" }, env, folder).token,
        "local-token"
      )
    }))

  it("what can't be used is told with what was expected and the cure", () =>
    inFolder((folder, env) => {
      assert.include(failureOf(() => findContext(nobody, env, folder)).cure!, "npm start")
      writeContexts(env, { contexts: { production: prod } })
      assert.include(failureOf(() => findContext({ ...nobody, name: "prodution" }, env, folder)).cure!, "production")
      assert.include(
        failureOf(() => findContext({ ...nobody, url: "registry:8080" }, env, folder)).expected!,
        "http://"
      )
      const causeOf = (url: string) => failureOf(() => findContext({ ...nobody, url }, env, folder)).cause
      for (const url of ["registry:8080", "localhost", "127.0.0.1:8080", "registry:8080/v1"]) {
        assert.strictEqual(causeOf(url), "the scheme is missing", url)
      }
      assert.include(causeOf("coaps://registry:8080"), "coaps:// is of another protocol")
      assert.include(causeOf("http://me:secret@registry"), "a login")
      assert.isUndefined(causeOf("http://"))
      assert.include(
        failureOf(() => findContext({ ...nobody, url: "http://x" }, env, folder)).expected!,
        "ROOST_API_TOKEN"
      )
      writeFileSync(contextsFile(env), "{")
      assert.include(failureOf(() => findContext(nobody, env, folder)).what, contextsFile(env))
    }))
})
