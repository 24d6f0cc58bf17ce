// Runs in the reader's browser, behind plots.js of @roost/tool-report.
const { latencyDistribution, phases, servers, timeline } = report
const common = {
  times: timeline.map((sample) => sample.atSeconds),
  spans: phases.map(({ name, seconds, startSeconds }) => ({ name, from: startSeconds, to: startSeconds + seconds }))
}
const line = (label, of, more) => ({ label, values: timeline.map(of), ...more })
const dashed = { dash: [4, 4] }

plots.overTime("throughput", {
  ...common,
  unit: "/s",
  series: [
    line("responses", (sample) => sample.responses / sample.seconds),
    line("requests", (sample) => sample.requests / sample.seconds, dashed),
    line("errors", (sample) => sample.errors / sample.seconds),
    line("retransmissions", (sample) => sample.retransmissions / sample.seconds)
  ]
})
for (const [id, of] of [
  ["latency", (sample) => sample.latency],
  ["handshake-latency", (sample) => sample.handshakeLatency]
]) {
  plots.overTime(id, {
    ...common,
    unit: " ms",
    isLogarithmic: true,
    series: ["p50", "p99", "max"].map((at) => line(at, (sample) => of(sample)[at]))
  })
}
plots.overTime("handshakes", {
  ...common,
  unit: "/s",
  series: [line("handshakes", (sample) => sample.handshakes / sample.seconds)]
})
plots.overTime("cpu", {
  ...common,
  unit: " %",
  series: [
    ...servers.map(({ name }, i) => line(name, (sample) => sample.serverCpu[i] * 100)),
    line("loadtest", (sample) => sample.toolCpu * 100, dashed)
  ]
})
plots.overTime("memory", {
  ...common,
  unit: " MB",
  series: servers.map(({ name }, i) => line(name, (sample) => sample.serverRssBytes[i] / 2 ** 20))
})

const { axis, colours, short } = plots
const counts = latencyDistribution.map(({ count }) => count)
const total = counts.reduce((sum, count) => sum + count, 0)
let below = 0
plots.show(
  "distribution",
  {
    scales: {
      x: { time: false, distr: 3 },
      y: { range: (_, low, high) => [0, high * 1.08] },
      share: { range: [0, 100] }
    },
    axes: [
      axis({ values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : `${short(tick)} ms`)) }),
      axis({ size: 64, values: (_, ticks) => ticks.map(short) }),
      axis({
        scale: "share",
        side: 1,
        size: 58,
        grid: { show: false },
        values: (_, ticks) => ticks.map((tick) => `${tick} %`)
      })
    ],
    series: [
      { label: "up to", value: (_, value) => (value === null ? "" : `${value.toFixed(2)} ms`) },
      {
        label: "responses",
        stroke: colours[0],
        fill: `${colours[0]}66`,
        paths: uPlot.paths.stepped({ align: -1 }),
        points: { show: false }
      },
      {
        label: "share so far",
        scale: "share",
        stroke: colours[1],
        width: 1.5,
        points: { show: false },
        value: (_, value) => (value === null ? "" : `${value.toFixed(2)} %`)
      }
    ]
  },
  [
    latencyDistribution.map(({ upToMillis }) => upToMillis),
    counts,
    counts.map((count) => ((below += count) / total) * 100)
  ]
)
