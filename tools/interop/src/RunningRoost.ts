import { RoostProcesses } from "@roost/testkit"
import { type CoapClientBuild, coapClient } from "./CoapClient.ts"
import { createProduct, type TestDevice } from "./Fixtures.ts"

/** Roost for all tests of the contract page: its processes take longer to start than most of the tests. */
export class RunningRoost implements AsyncDisposable {
  readonly product = "pkContract"
  /** Once it has started. */
  productSecret = ""
  #roost: RoostProcesses | undefined

  async start(): Promise<void> {
    this.#roost = await RoostProcesses.start()
    const { productSecret } = await createProduct(this.#roost, this.product, { dynamicActivateEnabled: true })
    this.productSecret = productSecret
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#roost?.[Symbol.asyncDispose]()
  }

  get roost(): RoostProcesses {
    return this.#roost!
  }

  /** A request over a session of its own. */
  ask(device: TestDevice, build: CoapClientBuild, path: string, more: object = {}) {
    return coapClient({
      build,
      port: this.roost.udpPort,
      identity: device.identity,
      psk: device.psk,
      path,
      ...more
    })
  }

  post(device: TestDevice, build: CoapClientBuild, path: string, payload: string | Uint8Array, more: object = {}) {
    return this.ask(device, build, path, { method: "post", payload, ...more })
  }

  command(device: TestDevice, path: string, body: unknown) {
    return this.roost.downlink("POST", `${urlOf(device)}/${path}`, body)
  }

  async stateOf(commandId: string) {
    return (await this.roost.downlink("GET", `/v1/commands/${commandId}`)).body
  }

  async statusOf(device: TestDevice) {
    return (await this.roost.registry("GET", urlOf(device))).body
  }

  async eventsOf(device: TestDevice): Promise<ReadonlyArray<{ kind: string; reason: string }>> {
    return (await this.roost.registry("GET", `${urlOf(device)}/events`)).body.events
  }
}

const urlOf = ({ deviceKey, productKey }: TestDevice): string => `/v1/products/${productKey}/devices/${deviceKey}`
