import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { version } from "@roost/observability"
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { billOfMaterials, debianComponents } from "./billOfMaterials.ts"
import { buildImage, runInBase } from "./buildImage.ts"
import { repository } from "./imageRoot.ts"
import { testDeployment } from "./testDeployment.ts"

const flags = {
  tag: Flag.String("tag").pipe(
    Flag.withDescription(`name of the image [localhost/roost:${version}]`),
    Flag.withDefault(`localhost/roost:${version}`)
  ),
  architecture: Flag.Literals("architecture", ["amd64", "arm64"]).pipe(
    Flag.withDescription("amd64 or arm64 [this machine's]"),
    Flag.withDefault(process.arch === "arm64" ? "arm64" : "amd64")
  ),
  base: Flag.String("base").pipe(
    Flag.withDescription("image with what Node needs; deploy/image says how it is made [localhost/roost-base]"),
    Flag.withDefault("localhost/roost-base")
  ),
  builder: Flag.Literals("builder", ["buildah", "podman", "docker"]).pipe(
    Flag.withDescription("what builds: buildah, podman or docker [buildah]"),
    Flag.withDefault("buildah")
  )
}

const image = Command.make("image", flags, (options) =>
  Effect.gen(function* () {
    yield* Console.log("bundles: npx nx run-many -t build")
    execFileSync("npx", ["--no-install", "nx", "run-many", "-t", "build"], {
      cwd: repository,
      env: { ...process.env, NX_DAEMON: "false", NX_TUI: "false" },
      stdio: ["ignore", "ignore", "inherit"]
    })
    const id = buildImage(options)
    const bill = join(repository, "dist/roost.cdx.json")
    const shown = runInBase(options, [
      "dpkg-query",
      "--show",
      "--showformat",
      "${Package}\\t${Version}\\t${Architecture}\\n"
    ])
    writeFileSync(bill, yield* Effect.promise(() => billOfMaterials(version, debianComponents(shown))))
    yield* Console.log(`image: ${options.tag}, ${id}\nbill of materials: ${bill}`)
  })
).pipe(
  Command.withDescription(
    "Builds the image and its bill of materials (CycloneDX). The same sources, Node and Debian packages give the same id."
  )
)

const test = Command.make("test", { base: flags.base }, ({ base }) =>
  Effect.promise(() => testDeployment(base)).pipe(
    Effect.tap((good) => Effect.sync(() => void (process.exitCode = good ? 0 : 1)))
  )
).pipe(
  Command.withDescription(
    "Builds the image twice, then runs the contract's tests, raw products and the chart against it, in containers of podman. As root."
  )
)

Command.make("deploy").pipe(
  Command.withDescription("The image of Roost, and tests of what deploys it."),
  Command.withSubcommands([image, test]),
  Command.run({ version }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
