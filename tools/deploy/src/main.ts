import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { version } from "@roost/observability"
import { Console, Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { billOfMaterials, debianComponents } from "./billOfMaterials.ts"
import { buildImage, runInBase } from "./buildImage.ts"
import { buildPackage } from "./buildPackage.ts"
import { writeChart } from "./chart.ts"
import { repository } from "./imageRoot.ts"
import { checkChart } from "./testChart.ts"
import { testDeployment } from "./testDeployment.ts"
import { goTool, goToolNames, installPythonTools } from "./Toolbox.ts"

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

const buildBundles = (): void => {
  process.stdout.write("bundles: npx nx run-many -t build\n")
  execFileSync("npx", ["--no-install", "nx", "run-many", "-t", "build"], {
    cwd: repository,
    env: { ...process.env, NX_DAEMON: "false", NX_TUI: "false" },
    stdio: ["ignore", "ignore", "inherit"]
  })
}

const image = Command.make("image", flags, (options) =>
  Effect.gen(function* () {
    buildBundles()
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

const deb = Command.make("deb", { architecture: flags.architecture }, ({ architecture }) =>
  Effect.gen(function* () {
    buildBundles()
    yield* Console.log(buildPackage(architecture))
  })
).pipe(Command.withDescription("Builds the package of Debian, with nfpm, which Go 1.26 builds."))

const chart = Command.make("chart", {}, () => Effect.sync(writeChart)).pipe(
  Command.withDescription(
    "Writes what the chart has from elsewhere: README.md and values.schema.json of values.yaml, files of deploy."
  )
)

const testChart = Command.make("test-chart", {}, () =>
  Effect.sync(() => {
    installPythonTools()
    checkChartIn(mkdtempSync(join(tmpdir(), "roost-chart-")))
  })
).pipe(
  Command.withDescription(
    "Lints the chart, renders what people set, and has each object judged by Kubernetes' schemas and by checkov. Needs Go 1.26."
  )
)

const checkChartIn = (folder: string): void => {
  try {
    checkChart(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const test = Command.make("test", { base: flags.base }, ({ base }) =>
  Effect.promise(() => testDeployment(base)).pipe(
    Effect.tap((good) => Effect.sync(() => void (process.exitCode = good ? 0 : 1)))
  )
).pipe(
  Command.withDescription(
    "Builds the image twice, then runs the contract's tests, raw products and the chart against it, in containers of podman. As root."
  )
)

const tool = Command.make("tool", { name: Argument.Literals("name", goToolNames) }, ({ name }) =>
  Effect.suspend(() => Console.log(goTool(name)))
).pipe(Command.withDescription("Prints where a program that Go 1.26 builds is, and builds it before where it is not."))

Command.make("deploy").pipe(
  Command.withDescription("The image of Roost, and tests of what deploys it."),
  Command.withSubcommands([image, deb, chart, testChart, test, tool]),
  Command.run({ version }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
