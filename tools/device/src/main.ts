import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { endWithReader, version } from "@roost/observability"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { answerModes } from "./Meter.ts"
import { runDevice } from "./RunDevice.ts"

const text = (name: string, description: string) => Flag.String(name).pipe(Flag.withDescription(description))

/** Secrets that `npm start` made up, for a shell to read, inside of double quotes. */
const secret = (name: string): string => `$(node -p 'require("./.roost/secrets.json").${name}')`

const device = Command.make(
  "device",
  {
    server: text("server", "host:port of the CoAP server (default: 127.0.0.1, and ROOST_UDP_PORT or 5684)").pipe(
      Flag.optional
    ),
    productKey: text("product-key", "product key of the device"),
    deviceKey: text("device-key", "device key, such as the IMEI"),
    deviceSecret: text("device-secret", "the device's own secret (SecureMode 2)").pipe(Flag.optional),
    productSecret: text("product-secret", "the product's secret: fetches the device's own first (SecureMode 3)").pipe(
      Flag.optional
    ),
    state: text("state", "file that keeps the device secret that --product-secret fetched").pipe(Flag.optional),
    lifetime: Flag.Int("lifetime").pipe(
      Flag.withDescription("Lifetime, 30–86400 s (default: 300)"),
      Flag.withDefault(300)
    ),
    interval: Flag.Int("interval").pipe(
      Flag.withDescription("seconds between reports (default: 10)"),
      Flag.withDefault(10)
    ),
    count: Flag.Int("count").pipe(
      Flag.withDescription("reports until it ends; 0: until Ctrl-C (default: 0)"),
      Flag.withDefault(0)
    ),
    payload: text("payload", "measurement points as a JSON object; else a temperature that drifts").pipe(Flag.optional),
    raw: text("raw", "bytes for thing/model/up_raw instead of points: text, or 0x and hexadecimal").pipe(Flag.optional),
    answer: Flag.Literals("answer", answerModes).pipe(
      Flag.withDescription("to commands: apply them like a meter, echo their params, or refuse them (default: apply)"),
      Flag.withDefault("apply" as const)
    ),
    narrowband: Flag.Boolean("narrowband").pipe(
      Flag.withDescription("wait 9 s for an answer to a handshake flight, as on NB-IoT (RFC 7925), instead of 1 s"),
      Flag.withDefault(false)
    ),
    suite: Flag.Literals("suite", ["ccm8", "cbc", "both"]).pipe(
      Flag.withDescription("cipher suites to offer (default: both)"),
      Flag.withDefault("both" as const)
    ),
    noCid: Flag.Boolean("no-cid").pipe(Flag.withDescription("offer no connection id"), Flag.withDefault(false)),
    noResume: Flag.Boolean("no-resume").pipe(
      Flag.withDescription("handshake in full after a loss instead of resuming"),
      Flag.withDefault(false)
    ),
    quiet: Flag.Boolean("quiet").pipe(
      Flag.withDescription("one line per session, report and command instead of every message"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (flags) {
    const suites = {
      both: undefined,
      ccm8: [TLS_PSK_WITH_AES_128_CCM_8],
      cbc: [TLS_PSK_WITH_AES_128_CBC_SHA256]
    } as const
    yield* runDevice({
      ...flags,
      server: Option.getOrUndefined(flags.server),
      deviceSecret: Option.getOrUndefined(flags.deviceSecret),
      productSecret: Option.getOrUndefined(flags.productSecret),
      state: Option.getOrUndefined(flags.state),
      payload: Option.getOrUndefined(flags.payload),
      raw: Option.getOrUndefined(flags.raw),
      suites: suites[flags.suite]
    })
  })
).pipe(
  Command.withDescription(
    "A device in software. It activates, connects, reports on an interval, obeys Option 2100 and answers commands, " +
      "and prints every step of the protocol. The device has to be registered first; the examples are for `npm start`'s Roost, in this directory. " +
      "Exit code: 0 every report was accepted, 1 the command can't be used, 2 there was no session or no secret, 3 a report was refused, 130 Ctrl-C."
  ),
  Command.withExamples([
    {
      command: `npm run device -- --product-key demo --device-key demo-cli --device-secret "${secret("demoDeviceSecret")}" --count 1`,
      description: "Report once and look at every message"
    },
    {
      command:
        `curl -H "Authorization: Bearer ${secret("apiToken")}" -H 'content-type: application/json' -d '{"deviceKey":"new-1"}' ` +
        "http://127.0.0.1:8080/v1/products/demo/devices",
      description: "Register a device"
    },
    {
      command: `npm run device -- --product-key demo --device-key new-1 --product-secret "${secret("demoProductSecret")}" --state new-1.json`,
      description: "Fetch the device's own secret first, keep it, report until Ctrl-C"
    }
  ])
)

endWithReader()

NodeRuntime.runMain(Command.run(device, { version }).pipe(Effect.provide(NodeServices.layer)), {
  disableErrorReporting: true
})
