import { jetstreamManager, type StreamInfo } from "@nats-io/jetstream"
import { connect, type ConnectionOptions, type NatsConnection } from "@nats-io/transport-node"
import { Buckets, inboxPrefixOf, natsUsers, Streams } from "@roost/contracts"
import { type AppName, appNames } from "./Configuration.ts"
import type { Finding } from "./Finding.ts"

/** How NATS is entered, and as whom. */
export interface Login {
  /** Servers, several with commas between. */
  readonly url: string
  readonly user: string | undefined
  readonly password: string | undefined
  /** Where it was found. */
  readonly from: string
}

const answerMillisMax = 5_000
const clockMillisMax = 2_000
/** Bytes of a message: what nats-server takes unless it is told less, and Roost sends. */
const payloadMin = 1_048_576
const versionMin = [2, 10, 23] as const
/** Of what a stream may hold. */
const nearlyFull = 0.8

/** Finds what is wrong with the nats-servers, for one login. */
export const examineNats = async (login: Login, replicas: number | undefined): Promise<ReadonlyArray<Finding>> => {
  let client: NatsConnection
  try {
    client = await connect(optionsOf(login))
  } catch (error) {
    return [notConnected(login, error)]
  }
  try {
    const { info } = client
    const streams = await streamsOf(client)
    return [
      ...judgeServer(info?.version ?? "0", info?.max_payload ?? payloadMin),
      ...(await open(login)),
      ...(login.user === undefined ? [] : await permissionFaults(client, login.user, login.from)),
      ...(typeof streams === "string"
        ? [jetstreamOff(streams)]
        : [
            ...judgeStreams(streams.infos, replicas),
            ...judgeNatsClock(timeIn(streams.infos), streams.askedAt, streams.answeredAt)
          ])
    ]
  } finally {
    await client.close()
  }
}

const optionsOf = ({ password, url, user }: Login): ConnectionOptions => ({
  servers: url.split(",").map((server) => server.trim()),
  timeout: answerMillisMax,
  reconnect: false,
  ...(user === undefined ? {} : { user, pass: password ?? "", inboxPrefix: inboxPrefixOf(user) })
})

const shown = (url: string): string => url.replaceAll(/\/\/[^@/,]*@/g, "//")

const notConnected = ({ from, url, user }: Login, error: unknown): Finding => {
  const text = error instanceof Error ? error.message : String(error)
  return /authoriz|authent/i.test(text)
    ? {
        fault: "nats-login-refused",
        weight: "wrong",
        what: `${shown(url)} refuses ${user === undefined ? "whoever has no login" : `the user ${user}`} (${from})`,
        expected: "a user and password of its configuration (deploy/nats/accounts.conf)",
        cause: "the password was exchanged at one side alone, or NATS_USER is missing",
        cure: "compare NATS_USER and NATS_PASSWORD with ROOST_NATS_PASSWORD_… of the nats-server"
      }
    : {
        fault: "nats-silent",
        weight: "wrong",
        what: `no nats-server answers at ${shown(url)} (${from}): ${text}`,
        expected: "a nats-server with JetStream",
        cause: "it does not run, or NATS_URL has another port or host",
        cure: "start it, or correct NATS_URL"
      }
}

export const judgeServer = (version: string, payloadMax: number): ReadonlyArray<Finding> => {
  const parts = version.split(".").map(Number)
  const at = versionMin.findIndex((least, index) => parts[index] !== least)
  const isOld = at !== -1 && (parts[at] ?? 0) < versionMin[at]!
  const findings: Array<Finding> = []
  if (isOld) {
    findings.push({
      fault: "nats-old",
      weight: "risky",
      what: `nats-server is ${version}`,
      expected: `${versionMin.join(".")} or newer`,
      cause:
        "older ones lose up to two minutes in a power cut, and may lose replicated streams (docs/operations.md, NATS)",
      cure: "tools/dev/src/newerNatsServer.sh brings one; replace the servers one after another"
    })
  }
  if (payloadMax < payloadMin) {
    findings.push({
      fault: "nats-payload-small",
      weight: "wrong",
      what: `nats-server takes messages of ${payloadMax} bytes`,
      expected: `${payloadMin} bytes (max_payload)`,
      cause: "its configuration has a lower max_payload",
      cure: "remove max_payload from it"
    })
  }
  return findings
}

/** Whether somebody without a login gets in. */
const open = async (login: Login): Promise<ReadonlyArray<Finding>> => {
  if (/\/\/[^/,]*@/.test(login.url) || login.url.split(",").every(isHere)) return []
  try {
    const client = await connect(optionsOf({ ...login, user: undefined, password: undefined }))
    await client.close()
  } catch {
    return []
  }
  return [
    {
      fault: "nats-open",
      weight: "risky",
      what: `${shown(login.url)} lets everybody in without a login`,
      expected: "a user for each app (deploy/nats/accounts.conf)",
      cause: "whoever reaches it can pretend to be an edge, and read all that devices say",
      cure: "start it with deploy/nats/single.conf or cluster.conf, or keep the port to this machine"
    }
  ]
}

/** npm start and tests let whoever is on this machine in. */
const isHere = (server: string): boolean => /^(?:\w+:\/\/)?(?:127\.|localhost|\[::1\])/.test(server.trim())

/** The subscriptions that an app begins with, tried as its user. */
const permissionFaults = async (
  client: NatsConnection,
  user: string,
  from: string
): Promise<ReadonlyArray<Finding>> => {
  if (!(appNames as ReadonlyArray<string>).includes(user)) return []
  const refused: Array<string> = []
  for (const subject of natsUsers[user as AppName].subscribe) {
    const subscription = client.subscribe(subject, {
      callback: (error) => {
        if (error !== null && /permission/i.test(error.message)) refused.push(subject)
      }
    })
    await client.flush()
    subscription.unsubscribe()
  }
  await client.flush()
  if (refused.length === 0) return []
  return [
    {
      fault: "permission-missing",
      weight: "wrong",
      what: `${user} may not subscribe to ${[...new Set(refused)].join(", ")} (${from})`,
      expected: "the permissions of deploy/nats/accounts.conf",
      cause: "the nats-servers have those of an older version",
      cure: "copy deploy/nats/accounts.conf to them, and reload: nats-server --signal reload"
    }
  ]
}

interface StreamsSeen {
  readonly infos: ReadonlyArray<StreamInfo>
  readonly askedAt: number
  readonly answeredAt: number
}

/** Why JetStream can't be used, or what it has. */
const streamsOf = async (client: NatsConnection): Promise<StreamsSeen | string> => {
  const askedAt = Date.now()
  try {
    const manager = await jetstreamManager(client, { timeout: answerMillisMax })
    const infos: Array<StreamInfo> = []
    for await (const info of manager.streams.list()) infos.push(info)
    return { infos, askedAt, answeredAt: Date.now() }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const jetstreamOff = (text: string): Finding => ({
  fault: "jetstream-off",
  weight: "wrong",
  what: `JetStream can't be used: ${text}`,
  expected: "JetStream with a file store for this account",
  cause: "nats-server runs without -js or a jetstream block, its disk is full, or the user's account has none",
  cure: "start it with deploy/nats/single.conf, and look at its log"
})

const needed = [
  ...Object.values(Streams).map(({ name }) => name),
  ...Object.values(Buckets).map(({ name }) => `KV_${name}`)
]

const timeIn = ([info]: ReadonlyArray<StreamInfo>): string | undefined =>
  (info as { readonly ts?: string } | undefined)?.ts

type Seen = Pick<StreamInfo, "config" | "state" | "cluster">

export const judgeStreams = (infos: ReadonlyArray<Seen>, replicas: number | undefined): ReadonlyArray<Finding> => {
  const present = new Set(infos.map(({ config }) => config.name))
  const missing = needed.filter((name) => !present.has(name))
  const own = infos.filter(({ config }) => needed.includes(config.name))
  const few = own.filter(({ config }) => replicas !== undefined && config.num_replicas < replicas)
  const full = own.filter(({ config, state }) => config.max_bytes > 0 && state.bytes > nearlyFull * config.max_bytes)
  const behind = own.filter(({ cluster }) =>
    cluster?.replicas?.some(({ current, offline }) => !current || offline === true)
  )
  const names = (of: ReadonlyArray<Seen>) => of.map(({ config }) => config.name).join(", ")
  const findings: Array<Finding> = full.map(({ config, state }) => ({
    fault: "stream-nearly-full",
    weight: "risky",
    what: `${config.name} holds ${Math.round((100 * state.bytes) / config.max_bytes)} % of its ${config.max_bytes} bytes`,
    expected: `less than ${100 * nearlyFull} %`,
    cause: config.discard === "new" ? "when it is full, what comes is refused" : "when it is full, the oldest go",
    cure: `a larger disk and ROOST_NATS_FILE_STORE, or ROOST_STREAM_${config.name.replace(/^KV_/, "")}_MAX_BYTES at the registry`
  }))
  if (missing.length > 0) {
    findings.push({
      fault: "stream-missing",
      weight: "wrong",
      what: `not there: ${missing.join(", ")}`,
      expected: "every stream and bucket of docs/operations.md",
      cause: "no registry runs, or it may not make them (ROOST_NATS_ADMIN_USER)",
      cure: "start a registry: it makes what is missing"
    })
  }
  if (few.length > 0) {
    findings.push({
      fault: "stream-replicas",
      weight: "risky",
      what: `fewer than ${replicas} copies: ${names(few)}`,
      expected: `ROOST_NATS_REPLICAS=${replicas} copies of each`,
      cause: "they were made before ROOST_NATS_REPLICAS was set, or a server was away",
      cure: "restart the registry with ROOST_NATS_REPLICAS, with all nats-servers running"
    })
  }
  if (behind.length > 0) {
    findings.push({
      fault: "stream-behind",
      weight: "risky",
      what: `a copy is behind or not reached: ${names(behind)}`,
      expected: "every copy current",
      cause: "a nats-server is away, starts, or is slow",
      cure: "wait before another server is restarted; nats server report jetstream"
    })
  }
  return findings
}

/** By the time in an answer about a stream, which was made between the two times. */
export const judgeNatsClock = (
  time: string | undefined,
  askedAt: number,
  answeredAt: number
): ReadonlyArray<Finding> => {
  const theirs = Date.parse(time ?? "")
  if (Number.isNaN(theirs)) return []
  const apart = theirs < askedAt ? askedAt - theirs : Math.max(0, theirs - answeredAt)
  if (apart <= clockMillisMax) return []
  return [
    {
      fault: "nats-clock-apart",
      weight: "wrong",
      what: `nats-server's clock differs by ${Math.round(apart / 1000)} s from this machine's`,
      expected: `less than ${clockMillisMax / 1000} s`,
      cause: "one of them has no time daemon",
      cure: "timedatectl on both; session-actors 5 s apart serve nothing (docs/operations.md, Clocks)"
    }
  ]
}
