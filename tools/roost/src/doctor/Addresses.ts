import { type Cluster, tlsMismatch } from "@roost/contracts"
import { Effect } from "effect"
import { Api } from "../api/Api.ts"
import { operations } from "../api/Operation.ts"
import type { Found } from "../context/FindContext.ts"
import type { Failure } from "../Failure.ts"
import type { Finding } from "./Finding.ts"

/** Milliseconds by which clocks may differ: a header's time has whole seconds. */
const clockMillisMax = 2_000
const answerMillisMax = 5_000

/** Finds what is wrong with the answers of the context's address, and with the processes behind it. */
export const examineAddresses = Effect.fnUntraced(function* ({ url }: Found) {
  const { call } = yield* Api
  const registry = yield* Effect.promise(() => readiness("registry", url))
  if (registry.response === undefined) return registry.findings
  const cluster = yield* Effect.result(call(operations.get("getCluster")!, {}))
  if (cluster._tag === "Failure") return [...registry.findings, addressFault(cluster.failure)]
  return [
    ...registry.findings,
    ...judgeClock(registry.response.headers.get("date"), registry.askedAt, Date.now()),
    ...judgeCluster(cluster.success as Cluster)
  ]
})

const readiness = async (app: string, url: string) => {
  const askedAt = Date.now()
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerMillisMax) })
    return { askedAt, response, findings: judgeReadiness(app, await response.text()) }
  } catch (error) {
    const finding: Finding = {
      fault: "address-silent",
      weight: "wrong",
      what: `nothing answers at ${url}: ${tlsMismatch(error, url) ?? rootOf(error)}`,
      expected: `the HTTP port of ${app}`,
      cause: "it does not run, or listens on another port or address",
      cure: "roost context show has the address; npm start starts one on this machine"
    }
    return { askedAt, response: undefined, findings: [finding] }
  }
}

const rootOf = (error: unknown): string => {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner instanceof Error ? inner.message : String(inner)
}

/** Of an answer of `/readyz`. */
export const judgeReadiness = (app: string, text: string): ReadonlyArray<Finding> => {
  let ready: { readonly ready?: boolean; readonly checks?: Readonly<Record<string, string>> }
  try {
    ready = JSON.parse(text) as typeof ready
  } catch {
    return [notRoost(JSON.stringify(text.slice(0, 60)))]
  }
  if (typeof ready !== "object" || ready === null || typeof ready.ready !== "boolean") {
    return [notRoost(JSON.stringify(text.slice(0, 60)))]
  }
  const failing = Object.entries(ready.checks ?? {}).filter(([, state]) => state !== "ok")
  return ready.ready ? [] : [notReady(app, failing)]
}

const notReady = (who: string, failing: ReadonlyArray<readonly [string, string]>): Finding => ({
  fault: "not-ready",
  weight: "wrong",
  what: `${who} is not ready: ${failing.map(([name, why]) => `${name}: ${why}`).join("; ")}`,
  expected: "200 of its /readyz",
  cure: "the text of the check says it; its log has more"
})

const notRoost = (answered: string): Finding => ({
  fault: "address-not-roost",
  weight: "wrong",
  what: `it answers ${answered}`,
  expected: "the registry of a Roost",
  cause: "another program has the port, or a proxy answers",
  cure: "the registry's port is 8080 unless ROOST_REGISTRY_PORT says otherwise"
})

const addressFault = ({ cause, cure, expected, outcome, what }: Failure): Finding => ({
  fault: outcome === "notAllowed" ? "token-refused" : outcome === "roostFailed" ? "not-ready" : "address-not-roost",
  weight: "wrong",
  what,
  expected: expected ?? "an answer of the registry",
  ...(cause === undefined ? {} : { cause }),
  cure: cure ?? "roost context show has the address"
})

/** By the `Date` of an answer, which was made between the two times. */
export const judgeClock = (date: string | null, askedAt: number, answeredAt: number): ReadonlyArray<Finding> => {
  const theirs = Date.parse(date ?? "")
  if (Number.isNaN(theirs)) return []
  // Whole seconds: the answer was made up to a second later than it says.
  const apart = theirs + 1_000 < askedAt ? askedAt - theirs - 1_000 : Math.max(0, theirs - answeredAt)
  if (apart <= clockMillisMax) return []
  return [
    {
      fault: "clock-apart",
      weight: "wrong",
      what: `the registry's clock differs by ${Math.round(apart / 1000)} s from this machine's`,
      expected: `less than ${clockMillisMax / 1000} s`,
      cause: "one of them has no time daemon: commands expire and events are dated by wall clocks",
      cure: "timedatectl on both; docs/operations.md, Clocks"
    }
  ]
}

const apps = ["registry", "downlink-queue", "session-actors", "udp-edge"]

/** Findings from what the registry knows of the others. */
export const judgeCluster = ({ nodes, partitions, problems }: Cluster): ReadonlyArray<Finding> => {
  const missing = apps.filter((app) => !nodes.some((node) => node.app === app))
  const unready = nodes.filter(({ ready }) => !ready)
  const unserved = partitions.filter((owner) => owner === null).length
  const versions = new Set(nodes.map(({ version }) => version))
  const named = [...missing, ...unready.map(({ node }) => node)]
  return [
    ...missing.map((app): Finding => ({
      fault: "app-missing",
      weight: "wrong",
      what: `no ${app} tells of itself`,
      expected: "at least one",
      cause:
        "it does not run, reaches another nats-server, or may not publish roost.summary.* (deploy/nats/accounts.conf)",
      cure: `start it, and look at its log`
    })),
    ...unready.map(({ app, checks, host, node }) => notReady(`${app} ${node} on ${host}`, Object.entries(checks))),
    ...(unserved === 0
      ? []
      : [
          {
            fault: "partitions-unserved" as const,
            weight: "wrong" as const,
            what: `${unserved} of ${partitions.length} partitions are served by nobody`,
            expected: "an owner for each",
            cause: "session-actors are missing, or can't renew their leases",
            cure: "roost cluster, and the log of session-actors"
          }
        ]),
    ...(versions.size < 2
      ? []
      : [
          {
            fault: "versions-differ" as const,
            weight: "risky" as const,
            what: `processes have the versions ${[...versions].join(", ")}`,
            expected: "one version, but during an update",
            cure: "finish the update: docs/operations.md, Update"
          }
        ]),
    // Problems that the registry says in words, and that are not told above.
    ...problems
      .filter((text) => !named.some((name) => text.includes(name)) && !(unserved > 0 && /partition/.test(text)))
      .map((text): Finding => ({
        fault: "not-ready",
        weight: "risky",
        what: text,
        expected: "no problems in roost cluster",
        cure: "roost cluster"
      }))
  ]
}
