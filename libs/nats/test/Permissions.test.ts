import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream"
import { connect, type NatsConnection as Client } from "@nats-io/transport-node"
import { applicationApiPrefix, applicationUser, NatsUserName, renderAccountsConf } from "@roost/contracts"
import { type NatsServer, natsServer } from "@roost/testkit"
import { Effect, Exit, Scope } from "effect"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

// Under the configuration that ships, on Debian 12's nats-server and on a newer one.

const patience = 5_000

/** Orders to the apps, and what only one of them may say: a publication of anybody else is an attack. */
const orders = [
  "roost.credential.pk.dk",
  "roost.frame.edge.edge0001",
  "roost.frame.node.node0001",
  "roost.frame.nodes",
  "roost.frame.edges",
  "roost.placement.announce",
  "roost.registry.psk",
  "roost.registry.activate",
  "roost.downlink",
  "roost.device.7",
  "roost.uplink.pk.dk.measurepoint",
  "roost.presence.pk.dk",
  "roost.event.pk.dk.x",
  "roost.command.replied.pk.dk",
  "roost.webhook.replay.w",
  "roost.sink.replay.s",
  "$KV.SESSIONS.7.x",
  "$KV.LEASES.partition.7",
  "$KV.COMMANDS.7.x",
  "$KV.PROFILES.product.pk",
  "$KV.WEBHOOKS.w",
  "$KV.SINKS.s",
  "_INBOX.registry.x",
  "_R_.x"
]

const streamCalls = [
  "STREAM.CREATE.OWN",
  "STREAM.UPDATE.UPLINK",
  "STREAM.DELETE.UPLINK",
  "STREAM.PURGE.UPLINK",
  "STREAM.RESTORE.UPLINK",
  "STREAM.MSG.DELETE.UPLINK",
  "STREAM.SNAPSHOT.KV_SESSIONS",
  "ACCOUNT.PURGE.ROOST"
]

const consumerCalls = [
  "CONSUMER.CREATE.UPLINK",
  "CONSUMER.CREATE.UPLINK.mine",
  "CONSUMER.CREATE.UPLINK.mine.roost.uplink.>",
  "CONSUMER.DURABLE.CREATE.UPLINK.mine",
  "CONSUMER.DELETE.UPLINK.registry-latest-points",
  "CONSUMER.MSG.NEXT.UPLINK.registry-latest-points",
  "CONSUMER.LIST.UPLINK",
  "CONSUMER.NAMES.UPLINK",
  "STREAM.MSG.GET.UPLINK",
  "STREAM.MSG.GET.KV_SESSIONS",
  "DIRECT.GET.KV_SESSIONS"
]

/** The requests' effects if they were let through: to deliver stored messages, or copies of them, where the apps listen. */
const body = JSON.stringify({
  name: "OWN",
  subjects: ["roost.stolen.>"],
  sources: [{ name: "UPLINK", external: { api: applicationApiPrefix, deliver: "roost.credential.pk" } }],
  republish: { src: ">", dest: "roost.credential.pk.dk" },
  stream_name: "UPLINK",
  config: { durable_name: "mine", deliver_subject: "roost.credential.pk.dk", ack_policy: "none" }
})

describe.each(["path", "newest"] as const)("the accounts that ship, nats-server %s", (binary) => {
  const scope = Scope.makeUnsafe()
  const clients: Array<Client> = []
  let server: NatsServer
  let admin: Client
  const heard: Array<string> = []

  const enter = async (user: string): Promise<Client> => {
    const client = await connect({
      servers: server.url,
      user,
      pass: server.passwords[user]!,
      inboxPrefix: `_INBOX.${user}`,
      reconnect: false
    })
    clients.push(client)
    return client
  }

  beforeAll(async () => {
    server = await Effect.runPromise(Scope.provide(natsServer({ binary }), scope))
    admin = await enter("admin")
    const { consumers, streams } = await jetstreamManager(admin)
    for (const [name, subjects] of [
      ["UPLINK", ["roost.uplink.>"]],
      ["CREDENTIAL", ["roost.credential.>"]],
      ["KV_SESSIONS", ["$KV.SESSIONS.>"]]
    ] as const) {
      await streams.add({ name, subjects: [...subjects] })
    }
    const explicit = { ack_policy: AckPolicy.Explicit, filter_subject: "roost.uplink.>" }
    for (const name of ["billing", "reading", "registry-latest-points"]) {
      await consumers.add("UPLINK", { durable_name: name, ...explicit })
    }
    for (let i = 0; i < 20; i++) await jetstream(admin).publish("roost.uplink.pk.dk.measurepoint", `{"n":${i}}`)
    admin.subscribe("roost.>", { callback: (_, { subject }) => void heard.push(subject) })
    admin.subscribe("$KV.>", { callback: (_, { subject }) => void heard.push(subject) })
    await admin.flush()
  })
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()))
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })

  /** Resolves with why it was refused, or with "accepted". */
  const attempt = async (client: Client, subject: string, reply?: string): Promise<string> => {
    if (reply !== undefined) {
      client.publish(subject, body, { reply })
      return client.flush().then(() => "published")
    }
    try {
      const answer = await client.request(subject, body, { timeout: patience })
      return `answered ${answer.string()}`
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  it("let an application publish no order to the apps, and change no stream (trust D1)", async () => {
    const application = await enter(applicationUser)
    for (const subject of [
      ...orders.filter((order) => order !== "_INBOX.registry.x"),
      ...[...streamCalls, ...consumerCalls].flatMap((call) => [`$JS.API.${call}`, `${applicationApiPrefix}.${call}`]),
      "$JS.ACK.UPLINK.registry-latest-points.1.1.1.1.1",
      "$JS.ACK.KV_SESSIONS.x.1.1.1.1.1",
      "$SYS.REQ.SERVER.PING.JSZ",
      "$JS.API.CONSUMER.INFO.KV_SESSIONS.x"
    ]) {
      assert.match(await attempt(application, subject), /^Permissions Violation/, subject)
    }
  })

  it("let an application hear nothing but its own answers (trust D1)", async () => {
    const application = await enter(applicationUser)
    for (const subject of ["roost.>", "roost.uplink.>", "$KV.>", "$JS.>", ">", "$SYS.>"]) {
      const refused = await new Promise<string>((resolve) => {
        application.subscribe(subject, { callback: (error) => resolve(error?.message ?? "heard") })
      })
      assert.match(refused, /^Permissions Violation/, subject)
    }
  })

  it("lead no question of an application to a subject of the apps (trust D1)", async () => {
    const application = await enter(applicationUser)
    const before = heard.length
    for (const reply of ["roost.credential.pk.dk", "$KV.SESSIONS.7.x", "$JS.API.STREAM.DELETE.UPLINK"]) {
      await attempt(application, "roost.application.consumer", reply)
      await attempt(application, `${applicationApiPrefix}.CONSUMER.MSG.NEXT.UPLINK.billing`, reply)
      await attempt(application, `${applicationApiPrefix}.STREAM.INFO.UPLINK`, reply)
      await attempt(application, "$JS.ACK.UPLINK.billing.1.1.1.1.1", reply)
    }
    // Their effects have happened once a later question of the same connection is answered.
    await application.request(`${applicationApiPrefix}.STREAM.INFO.UPLINK`, "", { timeout: patience })
    await admin.flush()
    assert.deepStrictEqual(
      heard.slice(before).filter((subject) => subject !== "roost.application.consumer"),
      []
    )
    const { streams } = await jetstreamManager(admin)
    assert.strictEqual((await streams.info("CREDENTIAL")).state.messages, 0)
    assert.strictEqual((await streams.info("UPLINK")).state.messages, 20)
  })

  it("let an application read by a consumer that it was given, and acknowledge (trust D1)", async () => {
    const application = await enter(applicationUser)
    const consumer = await jetstream(application, { apiPrefix: applicationApiPrefix }).consumers.get(
      "UPLINK",
      "reading"
    )
    let read = 0
    for await (const message of await consumer.fetch({ max_messages: 20, expires: patience })) {
      assert.strictEqual(message.subject, "roost.uplink.pk.dk.measurepoint")
      assert.isTrue(await message.ackAck())
      read++
    }
    assert.strictEqual(read, 20)
  })

  it("let no app say what another one says (trust D1)", async () => {
    const own: Readonly<Record<Exclude<NatsUserName, "admin">, RegExp>> = {
      "udp-edge": /^roost\.frame\.(?:node|edges$)/,
      "session-actors":
        /^(?:roost\.(?:frame(?!\.edges)|placement|uplink|presence|event|command|registry\.)|\$KV\.(?:SESSIONS|LEASES)|_)/,
      registry: /^(?:roost\.(?:credential|webhook|sink|downlink|device)|\$KV\.(?:PROFILES|WEBHOOKS|SINKS)|_)/,
      "downlink-queue": /^(?:roost\.device|\$KV\.COMMANDS|_)/,
      sinks: /^(?:roost\.sink|\$KV\.SINKS|_)/
    }
    for (const [user, mayPublish] of Object.entries(own)) {
      const client = await enter(user)
      for (const subject of [...orders.filter((order) => !mayPublish.test(order)), ...streamCalls.map(apiOf)]) {
        assert.match(await attempt(client, subject), /^Permissions Violation/, `${user} ${subject}`)
      }
      for (const subject of ["_INBOX.>", "_INBOX.admin.>", "$KV.>", "roost.>"]) {
        const refused = await new Promise<string>((resolve) => {
          client.subscribe(subject, { callback: (error) => resolve(error?.message ?? "heard") })
        })
        assert.match(refused, /^Permissions Violation/, `${user} ${subject}`)
      }
    }
  })

  it("let nobody in without a password, or with another one (trust D1)", async () => {
    for (const user of [...NatsUserName, applicationUser, "system"]) {
      const refused = await connect({ servers: server.url, user, pass: "wrong", reconnect: false }).catch(
        (error) => error
      )
      assert.match(String(refused), /Authorization/i, user)
    }
  })
})

const apiOf = (call: string): string => `$JS.API.${call}`

describe("deploy/nats/accounts.conf", () => {
  it("is what libs/contracts says (trust D1)", () => {
    const file = resolve(import.meta.dirname, "../../../deploy/nats/accounts.conf")
    assert.strictEqual(
      readFileSync(file, "utf8"),
      renderAccountsConf(),
      "node tools/dev/src/natsAccounts.ts makes it anew"
    )
  })
})
