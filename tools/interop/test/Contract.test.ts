import { afterAll, beforeAll } from "vitest"
import { coapClients } from "./contract/CoapClients.ts"
import { ownDevice } from "./contract/OwnDevice.ts"
import { productSecret } from "./contract/ProductSecret.ts"
import { refusedHandshakes } from "./contract/RefusedHandshakes.ts"
import { RunningRoost } from "../src/RunningRoost.ts"

// The contract page, end to end: four processes, a real nats-server, libcoap's client and our own device.

const running = new RunningRoost()
beforeAll(() => running.start())
afterAll(() => running[Symbol.asyncDispose]())

coapClients(running)
refusedHandshakes(running)
ownDevice(running)
productSecret(running)
