import { join } from "node:path"
import { type BuiltClient, connectBy, interopFolder, runBuild } from "./BuiltClient.ts"

const folder = join(interopFolder, "pion")
const name = "go-coap over pion"

/** plgd go-coap 3.8.0 over pion/dtls 3.1.15, by the Go module proxy. */
export const pion: BuiltClient = {
  name,
  tools: [
    {
      command: "go",
      versionArgs: ["version"],
      version: /go version go(\d+\.\d+)/,
      // From 1.21 on, Go fetches the toolchain that go.mod names.
      minimum: [1, 21],
      debianPackage: "golang-go"
    }
  ],
  suites: ["CCM_8", "CBC_SHA256"],
  // With CBC_SHA256 pion 3.1.15 counts the content twice in the MAC of records with a connection id (RFC 9146 §5.1).
  connectionIdSuites: ["CCM_8"],
  blockwise: true,
  resumes: false,
  build: () => runBuild(folder, "go", ["build", "-o", "target/pion-client", "."]),
  connect: connectBy({ name, command: join(folder, "target/pion-client"), args: [] })
}
