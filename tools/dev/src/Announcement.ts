import { findProgram } from "@roost/testkit/program"
import type { DevConfig } from "./DevConfig.ts"
import { coapClientLine, demoCli, demoMeter, demoProduct } from "./Provision.ts"
import { type Secrets, secretsFile } from "./Secrets.ts"
import { say, urlOf } from "./Terminal.ts"

/** As wide as the other titles. */
export const consoleTitle = "Console             "

/** The addresses, and lines to paste, that a person needs who just started it. */
export const announce = (
  config: DevConfig,
  natsUrl: string,
  secrets: Secrets,
  demo: boolean,
  console: string
): void => {
  const registry = urlOf(config, config.ports.registry)
  const downlink = urlOf(config, config.ports.downlink)
  say(
    `ready   devices coaps://127.0.0.1:${config.udpPort}   registry ${registry}   commands ${downlink}   NATS ${natsUrl}`
  )
  say("")
  say(`${consoleTitle}${console}`)
  say(`API documentation   ${registry}/docs   ${downlink}/docs`)
  say(`API token           ROOST_API_TOKEN=$(node -p 'require("${secretsFile(config.dataDirectory)}").apiToken')`)
  if (demo) {
    say("")
    say("Post as a device:")
    say(`  ${postLine(config, secrets)}`)
    if (coapClient() !== undefined) {
      say("The same by a device in software that prints every message, and what it means:")
      say(`  ${deviceLine(config, secrets)}`)
    }
    say("Set a point on the demo meter, which fetches it with its next report:")
    say(
      `  curl -H "Authorization: Bearer $ROOST_API_TOKEN" -H 'content-type: application/json' ` +
        `-d '{"value":30.5,"pendingTtl":600}' ${downlink}/v1/products/${demoProduct}/devices/${demoMeter}/measurepoints/limit:set`
    )
    say("What happened to it:")
    say(
      `  curl -H "Authorization: Bearer $ROOST_API_TOKEN" ${registry}/v1/products/${demoProduct}/devices/${demoMeter}/events`
    )
  }
  say("")
  say("Ctrl-C ends it. What devices do:")
}

const postLine = (config: DevConfig, secrets: Secrets): string => {
  const build = coapClient()
  return build === undefined
    ? deviceLine(config, secrets)
    : coapClientLine(build, config.udpPort, secrets.demoDeviceSecret)
}

const coapClient = () =>
  (["openssl", "gnutls"] as const).find((name) => findProgram([`coap-client-${name}`]) !== undefined)

const deviceLine = (config: DevConfig, secrets: Secrets): string =>
  `npm run device -- --server 127.0.0.1:${config.udpPort} --product-key ${demoProduct} --device-key ${demoCli} ` +
  `--device-secret ${secrets.demoDeviceSecret} --count 1`
