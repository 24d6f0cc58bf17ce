import { assert, describe, it } from "@effect/vitest"
import { postgresServer, temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { PostgresConnection } from "../src/sql/PostgresConnection.ts"
import { outageText } from "../src/sql/PostgresOutage.ts"
import { tlsFault } from "../src/sql/PostgresTls.ts"

/** A certificate of 127.0.0.1, which nobody signed but itself, and its key. */
const selfSigned = (directory: string, name: string) => {
  const [cert, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)]
  const kind = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" ")
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"]
  execFileSync("openssl", ["req", "-x509", ...kind, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" })
  return { cert, key }
}

/** `TLS`, `plain`, or the text that an operator reads. */
const connect = async (url: string): Promise<string> => {
  const connection = new PostgresConnection(url, {}, () => undefined)
  try {
    const { rows } = await connection.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    return String(rows[0]?.["ssl"]) === "true" ? "TLS" : "plain"
  } catch (error) {
    return outageText(error)
  } finally {
    await connection.end()
  }
}

describe("sslmode of DATABASE_URL", () => {
  it.live("is what it is for psql, and an error names the cause and the cure", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const [own, other] = [selfSigned(directory, "own"), selfSigned(directory, "other")]
      const { url } = yield* postgresServer({
        cert: readFileSync(own.cert, "utf8"),
        key: readFileSync(own.key, "utf8")
      })
      const at = (query: string, host = "127.0.0.1") =>
        Effect.promise(() => connect(`${url.replace("127.0.0.1", host)}${query}`))
      const root = `&sslrootcert=${own.cert}`

      assert.strictEqual(yield* at(""), "plain")
      assert.strictEqual(yield* at("?sslmode=disable"), "plain")
      assert.strictEqual(yield* at("?sslmode=prefer"), "TLS")
      assert.strictEqual(yield* at("?sslmode=require"), "TLS")
      assert.strictEqual(yield* at(`?sslmode=verify-ca${root}`), "TLS")
      assert.strictEqual(yield* at(`?sslmode=verify-ca${root}`, "localhost"), "TLS")
      assert.strictEqual(yield* at(`?sslmode=verify-full${root}`), "TLS")
      assert.match(yield* at(`?sslmode=verify-full${root}`, "localhost"), /localhost.*name it in DATABASE_URL as/s)
      const unknown = /nobody known here signed its certificate .*give DATABASE_URL sslrootcert=FILE/
      assert.match(yield* at("?sslmode=verify-full"), unknown)
      assert.match(yield* at("?sslmode=verify-full&sslrootcert=system"), unknown)
      // With a file psql has `require` check the authority too.
      for (const mode of ["require", "verify-ca", "verify-full"]) {
        assert.match(yield* at(`?sslmode=${mode}&sslrootcert=${other.cert}`), unknown, mode)
      }
    })
  )

  it.live("never goes on in plain text with a server that has no TLS, unless it says disable", () =>
    Effect.gen(function* () {
      const { url } = yield* postgresServer()
      for (const mode of ["prefer", "require", "verify-full"]) {
        const told = yield* Effect.promise(() => connect(`${url}?sslmode=${mode}`))
        assert.match(told, /^it takes no TLS, which sslmode of DATABASE_URL asks for: .*sslmode=disable$/, mode)
      }
      assert.strictEqual(yield* Effect.promise(() => connect(`${url}?sslmode=disable`)), "plain")
    })
  )

  it.live("that is misspelt, or lacks its file, is told before anything is tried", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { cert } = selfSigned(directory, "own")
      const text = join(directory, "text")
      writeFileSync(text, "no certificate")
      const fault = (query: string) => tlsFault(`postgres://roost@db.example/roost${query}`)
      for (const query of ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=verify-full&sslrootcert=system"]) {
        assert.isUndefined(fault(query), query)
      }
      assert.isUndefined(fault(`?sslmode=verify-ca&sslrootcert=${cert}`))
      assert.include(fault("?sslmode=verify_full"), "sslmode=verify_full: expected one of disable, prefer, require")
      assert.include(fault("?sslmode=verify-ca"), "asks for sslrootcert=FILE")
      assert.include(fault("?sslmode=require&sslrootcert=system"), "goes with sslmode=verify-full only")
      assert.include(
        fault(`?sslmode=verify-full&sslrootcert=${text}`),
        `expected a file with the authority's certificate`
      )
      assert.include(fault("?sslmode=verify-full&sslrootcert=/nowhere.pem"), "/nowhere.pem: ENOENT")
    })
  )
})
